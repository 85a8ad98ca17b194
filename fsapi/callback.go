package fsapi

// callbacks are the two callbacks of a file and what is known about them.
type callbacks struct {
	input, output       func()
	inputDue, outputDue bool
	queued              bool // in the dispatcher's list
	running             *run // nil: none

	// What the last calls that said ErrAgain are waiting for.
	wantInput  bool // at inputOff
	arrived    bool // what a Pread has asked for, there or elsewhere, is here
	inputOff   int64
	wantOutput bool
	wantLock   bool
}

// SetInputCallback sets what is called when more can be read: after a Pread
// has said ErrAgain, once, when the data at that offset, the end of the file or
// an error is there. Callbacks of one file run one at a time, on a goroutine of
// their own, under no lock, and not after Close has returned. They may call
// anything, Close included. nil removes it.
func (f *File) SetInputCallback(fn func()) {
	f.mu.Lock()
	f.callback.input = fn
	f.postInput() // what a Pread before this call waits for may be there
	if f.callback.inputDue {
		f.post()
	}
	f.mu.Unlock()
}

// SetOutputCallback sets what is called when more can be written, or when a
// pending commit has settled: once after each ErrAgain of Write, Commit or
// CommitAs (and of TryLock, when the open has finished). The rules of
// SetInputCallback hold.
func (f *File) SetOutputCallback(fn func()) {
	f.mu.Lock()
	f.callback.output = fn
	f.postOutput()
	if f.callback.outputDue {
		f.post()
	}
	f.mu.Unlock()
}

// postInput makes the input callback due if a Pread waits for what is there
// now. The caller holds f.mu.
func (f *File) postInput() {
	c := &f.callback
	answered := c.wantInput && f.answers(c.inputOff)
	if c.input == nil || f.closed || !answered && !c.arrived {
		return
	}
	c.wantInput = c.wantInput && !answered
	c.arrived, c.inputDue = false, true
	f.post()
}

// postOutput makes the output callback due if a call waits for it. The caller
// holds f.mu.
func (f *File) postOutput() {
	c := &f.callback
	if c.output == nil || f.closed || !(c.wantOutput && f.write != nil && f.write.answers()) && !(c.wantLock && f.state != fileOpening) {
		return
	}
	c.wantOutput, c.wantLock, c.outputDue = false, false, true
	f.post()
}

func (f *File) post() {
	if !f.callback.queued && f.callback.running == nil {
		f.callback.queued = true
		f.fs.dispatch.post(f)
	}
}

// run is a callback that is running.
type run struct {
	on   goroutine
	over chan struct{} // closed when it has returned
}

func (r *run) isOver() bool {
	select {
	case <-r.over:
		return true
	default:
		return false
	}
}

// runCallbacks runs what is due, on the dispatcher's goroutine.
func (f *File) runCallbacks(on goroutine) {
	for {
		f.mu.Lock()
		c := &f.callback
		c.queued = false
		fn := f.nextCallback()
		if c.running != nil {
			close(c.running.over)
			c.running = nil
		}
		if fn == nil {
			f.mu.Unlock()
			return
		}
		c.running = &run{on, make(chan struct{})}
		f.mu.Unlock()
		fn()
	}
}

func (f *File) nextCallback() func() {
	c := &f.callback
	switch {
	case f.closed:
	case c.inputDue && c.input != nil:
		c.inputDue = false
		return c.input
	case c.outputDue && c.output != nil:
		c.outputDue = false
		return c.output
	}
	return nil
}
