package mdbox

import "sync"

// whereabouts remembers which message files were found in the alternate storage,
// which the map does not tell. It is only a hint.
type whereabouts struct {
	mu    sync.Mutex
	inAlt map[uint32]bool
}

func (w *whereabouts) alt(id uint32) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.inAlt[id]
}

func (w *whereabouts) found(id uint32, alt bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case !alt:
		delete(w.inAlt, id)
	case w.inAlt == nil:
		w.inAlt = map[uint32]bool{id: true}
	default:
		w.inAlt[id] = true
	}
}
