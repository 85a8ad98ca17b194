package backend

// ExecuteChain does the linked operations ops one after the other on the
// calling goroutine, blocking in system calls. It is what the thread pool's
// workers and the reference engine run.
func ExecuteChain(ops []*Op) {
	failed := false
	for _, op := range ops {
		if failed && !(op.Kind == OpClose && op.Handle.IsOpen()) {
			op.Fail(ErrCanceled)
			continue
		}
		Execute(op)
		failed = failed || op.Err != nil
	}
}

// Execute does op on the calling goroutine and stores its results in it. It
// transfers everything it is asked to, or meets the end of the file, or fails.
func Execute(op *Op) {
	op.N, op.EOF, op.Err = 0, false, nil
	op.Info, op.Entries = Info{}, nil
	if err := Check(op); err != nil {
		op.Fail(err)
		return
	}
	execute(op)
}
