package backend

// ExecuteChain does the linked operations ops one after the other on the
// calling goroutine, blocking in system calls. It is what the thread pool's
// workers and the reference engine run.
func ExecuteChain(ops []*Op) {
	for i, op := range ops {
		Execute(op)
		if op.Err != nil {
			CancelChain(ops[i+1:])
			return
		}
	}
}

// CancelChain ends the rest ops of a chain without doing it, since an earlier
// member failed or somebody cancelled it: with ErrCanceled, but an OpClose is
// still done if its handle is open.
func CancelChain(ops []*Op) {
	for _, op := range ops {
		if op.Kind == OpClose && op.Handle.IsOpen() {
			Execute(op)
			continue
		}
		op.clearResults()
		op.Fail(ErrCanceled)
	}
}

// Execute does op on the calling goroutine and stores its results in it. It
// transfers everything it is asked to, or meets the end of the file, or fails.
func Execute(op *Op) {
	op.clearResults()
	if err := Check(op); err != nil {
		op.Fail(err)
		return
	}
	execute(op)
}

// clearResults: an operation that is used again must not come back with
// results of its last use.
func (op *Op) clearResults() {
	op.N, op.EOF, op.Err = 0, false, nil
	op.Info, op.Entries = Info{}, nil
}
