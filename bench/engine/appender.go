package engine

import (
	"context"
	"errors"

	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/fsapi"
)

// appender writes one file. Its requests are done in the order in which they
// came: a write after a commit has to wait for it.
type appender struct {
	engine  *filesEngine
	index   int
	file    *fsapi.File
	waiting []*Request
	taken   int   // bytes of waiting[0]
	size    int64 // of the file
	turning bool  // the last commit before the file begins anew is under way
}

func (e *filesEngine) appender(file int) *appender {
	a := e.appenders[file]
	if a == nil {
		a = &appender{engine: e, index: file}
		a.create()
		e.appenders[file] = a
	}
	return a
}

func (a *appender) create() {
	a.file = a.engine.FS.Create(a.engine.Files[a.index], fsapi.ReplaceIfExists, fsapi.Perm{})
	a.file.SetOutputCallback(func() { a.engine.moved <- a })
	a.size = 0
}

func (a *appender) add(r *Request) error {
	a.waiting = append(a.waiting, r)
	if len(a.waiting) > 1 {
		return nil
	}
	return a.move()
}

// move does what can be done without waiting.
func (a *appender) move() error {
	for a.turning || len(a.waiting) > 0 {
		again, err := a.step()
		if again || err != nil {
			return err
		}
	}
	return nil
}

// step does one thing; again says that it is not finished.
func (a *appender) step() (again bool, err error) {
	if a.turning {
		return a.turn()
	}
	r := a.waiting[0]
	if r.Dir == measure.Write && a.full() {
		a.turning = true
		return false, nil
	}
	if r.Dir == measure.Sync {
		err = a.file.Commit()
	} else {
		err = a.write(r)
	}
	if errors.Is(err, fsapi.ErrAgain) {
		return true, nil
	}
	a.engine.finish(r, a.taken, err)
	a.waiting, a.taken = a.waiting[1:], 0
	return false, nil
}

// full: the file has its size, and the next write is not under way.
func (a *appender) full() bool {
	limits := a.engine.Limits
	return a.taken == 0 && len(limits) > 0 && limits[a.index] > 0 && a.size >= limits[a.index]
}

func (a *appender) write(r *Request) error {
	for a.taken < len(r.Buf) {
		n, err := a.file.Write(r.Buf[a.taken:])
		a.taken += n
		a.size += int64(n)
		if err != nil {
			return err
		}
	}
	return nil
}

// turn commits a file that is long enough and begins a new one of that name.
func (a *appender) turn() (again bool, err error) {
	err = a.file.Commit()
	if errors.Is(err, fsapi.ErrAgain) {
		return true, nil
	}
	a.turning = false
	if err = errors.Join(err, a.file.Close()); err == nil {
		a.create()
	}
	return false, err
}

// close makes visible what was written and gives the file back.
func (a *appender) close() error {
	a.file.SetOutputCallback(nil)
	err := fsapi.NewWriter(context.Background(), a.file).Commit()
	return errors.Join(err, a.file.Close())
}
