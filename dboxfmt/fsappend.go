package dboxfmt

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ringbox/ringbox/fsapi"
)

// AppendOptions are the choices of [OpenAppender].
type AppendOptions struct {
	FileWriterOptions
	// Version is the writer's own, 2 or 3; 0 means 3. A file of another version
	// is an ErrNotAppendable.
	Version int
	// After is where the last message ends that the index knows; from there on
	// the file is read. 0: all of it is read.
	After int64
}

// OpenAppender returns a writer that appends to a multi-dbox file. Like Open it
// cannot fail and does not wait: what is wrong with the file comes out of Ready
// and Create.
//
// The file is locked first, as Dovecot does it, for as long as the writer is
// open; fsapi.ErrLocked says that somebody else has it. Then it must still have
// its name, be of the writer's version, and end with a complete message: what is
// behind After is read, bodies verified. Anything else there is an [ErrCorrupt]
// or [ErrTruncated], and the file is left alone.
func OpenAppender(fsys *fsapi.FS, path string, opts AppendOptions) *FileWriter {
	if opts.Version == 0 {
		opts.Version = 3
	}
	f := fsys.Open(path, fsapi.Append)
	c := &appendCheck{fsys: fsys, file: f, path: path, opts: opts}
	w := &FileWriter{file: f, opts: opts.FileWriterOptions, check: c}
	c.restart()
	return w
}

// Ready reports whether an appender may append: nil, or why not, or
// fsapi.ErrAgain as long as that is not known. A writer of a new file is always
// ready.
func (w *FileWriter) Ready() error {
	if w.w != nil {
		return nil
	}
	if err := w.await(func() error { return w.check.run(w.changed) }); err != nil {
		return err
	}
	w.header, w.base = w.check.header, w.check.info.Size
	return w.restart()
}

// Orphans returns the messages that an appender that is ready has found behind
// After.
func (w *FileWriter) Orphans() []*Message {
	if w.check == nil || w.w == nil {
		return nil
	}
	return w.check.orphans
}

// appendCheck finds out whether a file may be appended to, step by step. A step
// is repeated until it says something else than ErrAgain.
type appendCheck struct {
	fsys *fsapi.FS
	file *fsapi.File
	path string
	opts AppendOptions

	steps   []func(*appendCheck) error
	kept    *keeper
	named   *fsapi.File // what has the name, while that is looked at
	info    fsapi.Info
	header  FileHeader
	tail    *Decoder
	orphans []*Message
	changed func()
	fail    error // about the format
}

func (c *appendCheck) restart() {
	c.closeNamed()
	c.kept, c.tail, c.orphans, c.fail = &keeper{file: c.file}, nil, nil, nil
	c.steps = []func(*appendCheck) error{
		(*appendCheck).lock, (*appendCheck).measure, (*appendCheck).compareName, (*appendCheck).readHeader, (*appendCheck).readTail,
	}
}

// run goes on with the steps. changed is the callback for files that a step
// opens.
func (c *appendCheck) run(changed func()) error {
	c.changed = changed
	for len(c.steps) > 0 && c.fail == nil {
		err := c.steps[0](c)
		var format *FormatError
		switch {
		case errors.As(err, &format):
			c.fail = err
		case err != nil:
			return err
		}
		c.steps = c.steps[1:]
	}
	return c.fail
}

func (c *appendCheck) lock() error { return c.file.TryLock() }

func (c *appendCheck) measure() error {
	info, err := c.file.TryStat()
	if err == nil {
		c.info = info.Sys().(fsapi.Info)
	}
	return err
}

// compareName: who repairs or purges a file gives its name to another one, under
// the lock that we have got now.
func (c *appendCheck) compareName() error {
	if c.named == nil {
		c.named = c.fsys.Open(c.path, fsapi.ReadOnly)
		c.named.SetInputCallback(c.changed)
	}
	info, err := c.named.TryStat()
	if err == fsapi.ErrAgain {
		return err
	}
	c.closeNamed()
	if err != nil {
		return err
	}
	if there := info.Sys().(fsapi.Info); there.Inode != 0 && !there.SameFile(c.info) {
		return fmt.Errorf("%w: %s has been replaced", ErrNotAppendable, c.path)
	}
	return nil
}

func (c *appendCheck) closeNamed() {
	if c.named != nil {
		c.named.Close()
		c.named = nil
	}
}

func (c *appendCheck) readHeader() (err error) {
	if c.header, err = c.source().Header(); err != nil {
		return err
	}
	own := NewFileHeader(c.opts.Version, time.Unix(0, 0))
	if c.header.Version != own.Version || c.header.MessageHeaderSize != own.MessageHeaderSize {
		return fmt.Errorf("%w: %s is of version %d with message headers of %d bytes, not %d and %d", ErrNotAppendable, c.path,
			c.header.Version, c.header.MessageHeaderSize, own.Version, own.MessageHeaderSize)
	}
	return nil
}

func (c *appendCheck) source() Source { return Source{Name: c.path, R: c.kept} }

// readTail reads what the index does not know.
func (c *appendCheck) readTail() error {
	from := c.opts.After
	if from == 0 {
		from = c.header.Size()
	}
	switch end := c.info.Size; {
	case from < c.header.Size():
		return placed(fault(0, ErrSize, "no message can end here"), c.path, from)
	case from > end:
		return placed(fault(0, ErrTruncated, "the file ends %d bytes before a message that the index knows", from-end), c.path, end)
	case from == end:
		return nil
	}
	if c.tail == nil {
		c.tail = c.decoder(from)
	}
	for {
		switch m, err := c.tail.Next(); err {
		case nil:
			c.orphans = append(c.orphans, m)
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}

// decoder returns a Decoder that starts between two messages.
func (c *appendCheck) decoder(from int64) *Decoder {
	in := &arrival{file: c.file, at: from}
	d := NewDecoder(io.LimitReader(in, c.info.Size-from), DecoderOptions{Name: c.path, Verify: true})
	d.header, d.opened, d.offset = c.header, true, from
	return d
}
