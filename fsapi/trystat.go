package fsapi

import (
	iofs "io/fs"
	"path/filepath"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// Info is what Sys of an fs.FileInfo of this package returns: besides the rest
// it tells whether two names belong to the same file, and who owns it.
type Info = backend.Info

// question is a stat of the open file that nobody waits for.
type question struct {
	state questionState
	stale bool // it may have been answered too early: ask again
	info  Info
	err   error
}

type questionState uint8

const (
	statNotAsked questionState = iota
	statEarly                  // it goes out when the file is open
	statUnderWay
	statAnswered
)

// TryStat is Stat without waiting. ErrAgain means that the question is on its
// way; the input callback fires when the answer is there, and the next call
// fetches it.
func (f *File) TryStat() (iofs.FileInfo, error) {
	f.mu.Lock()
	info, err := f.tryStat()
	f.saysRead(err)
	f.mu.Unlock()
	if err == ErrAgain {
		f.fs.settle()
	}
	return info, err
}

func (f *File) tryStat() (iofs.FileInfo, error) {
	q := &f.question
	switch err := f.usable("stat"); {
	case err != nil:
		return nil, err
	case f.state == fileCreated:
		return nil, pathError("stat", f.path, iofs.ErrNotExist)
	case q.state == statAnswered && !q.stale:
		q.state = statNotAsked
		if q.err != nil {
			return nil, q.err
		}
		return fileInfo{filepath.Base(f.path), q.info}, nil
	case q.state == statNotAsked || q.state == statAnswered:
		f.ask()
	}
	return nil, ErrAgain
}

// ask sends the question, or keeps it until the file is open.
func (f *File) ask() {
	q := &f.question
	if f.state == fileOpening {
		q.state = statEarly
		return
	}
	q.state, q.stale = statUnderWay, false
	r := newRequest(f, roleStat, backend.OpStat)
	r.op.Handle, r.op.Path = &f.handle, f.path
	f.queueRequest(r)
}

// questionOpened is told that the open has ended.
func (f *File) questionOpened() {
	switch {
	case f.question.state != statEarly:
	case f.state == fileOpen:
		f.ask()
	default:
		f.callback.arrived = true // the answer is why it failed
	}
}

// questionAnswered takes the result of the stat.
func (f *File) questionAnswered(r *request) {
	q := &f.question
	q.state, q.info, q.err = statAnswered, r.op.Info, r.op.Err
	f.callback.arrived = true
	f.progress()
	f.postInput()
}

// awaitsAnswer reports whether the question is on its way.
func (f *File) awaitsAnswer() bool {
	return f.question.state == statEarly || f.question.state == statUnderWay
}
