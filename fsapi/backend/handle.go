package backend

// Handle is an open file as engines know it. OpOpen fills it, OpClose empties
// it; the zero Handle is not open. It must not be copied while it is open, and
// it must stay open until every operation on it has come back: a descriptor
// closed too early may already mean another file.
type Handle struct {
	fdPlus1 int // so that the zero Handle is not descriptor 0

	registeredPlus1 int // see Registered

	// Private is for engines whose files are not descriptors.
	Private any
}

// FD returns the file descriptor, or -1 if there is none.
func (h *Handle) FD() int {
	if h == nil {
		return -1
	}
	return h.fdPlus1 - 1
}

// SetFD makes h own the descriptor fd, which is not registered; -1 for none.
// For engines only.
func (h *Handle) SetFD(fd int) { h.fdPlus1, h.registeredPlus1 = fd+1, 0 }

// Registered returns the file's place in the engine's table of registered
// files, or -1.
func (h *Handle) Registered() int { return h.registeredPlus1 - 1 }

// SetRegistered says that the file has that place; -1 for none. For engines
// only.
func (h *Handle) SetRegistered(i int) { h.registeredPlus1 = i + 1 }

// IsOpen reports whether h has a file.
func (h *Handle) IsOpen() bool {
	return h != nil && (h.fdPlus1 != 0 || h.Private != nil)
}

// Take moves the file of from, which becomes empty, into h, which must be
// empty. No operation on either may be in flight.
func (h *Handle) Take(from *Handle) {
	*h, *from = *from, Handle{}
}
