package mailfmt

import (
	"context"
	"errors"

	"github.com/ringbox/ringbox/fsapi"
)

// A single file that mails are appended to is committed after so many mails or
// bytes, whichever comes first.
const (
	commitMails = 256
	commitBytes = 16 << 20
)

// appended commits a file that holds many mails, in groups.
type appended struct {
	ctx       context.Context // that of the writing: it does not end with an interrupt
	fs        *fsapi.FS
	file      *fsapi.File
	w         *fsapi.Writer
	broken    bool // a mail is not complete
	mails     int  // complete and not committed
	bytes     int64
	committed int
}

// create starts a file, which must not exist.
func (a *appended) create(path string) {
	a.file = a.fs.Create(path, fsapi.FailIfExists, fsapi.Perm{Mode: 0o600})
	a.w = fsapi.NewWriter(a.ctx, a.file)
}

// Write appends to the file.
func (a *appended) Write(p []byte) (int, error) {
	n, err := a.w.Write(p)
	a.bytes += int64(n)
	return n, err
}

// add is a mail: write writes all of it.
func (a *appended) add(write func() error) error {
	a.broken = true
	if err := write(); err != nil {
		return err
	}
	a.broken = false
	a.mails++
	if a.mails < commitMails && a.bytes < commitBytes {
		return nil
	}
	return a.commit()
}

func (a *appended) commit() error {
	if a.mails == 0 {
		return nil
	}
	if err := a.w.Commit(); err != nil {
		return err
	}
	a.committed += a.mails
	a.mails, a.bytes = 0, 0
	return nil
}

// end commits what is complete, unless it is mixed with what is not, and gives
// the file back.
func (a *appended) end() (err error) {
	if a.file == nil {
		return nil
	}
	if !a.broken {
		err = a.commit()
	}
	err = errors.Join(err, a.file.Close())
	a.file = nil
	return err
}

// Committed implements [Target].
func (a *appended) Committed() int { return a.committed }

// Finish implements [Target].
func (a *appended) Finish() error { return a.end() }
