package dboxfmt

import (
	"context"
	"errors"
	"fmt"

	"github.com/ringbox/ringbox/fsapi"
)

// ErrNotAppendable: the file is good, but not one that this writer appends to:
// of another version, or no longer the one that has the name.
var ErrNotAppendable = errors.New("dboxfmt: file cannot be appended to")

// FileWriterOptions are the choices of [NewFileWriter] and [OpenAppender].
type FileWriterOptions struct {
	WriterOptions
	// Context makes all calls wait, and ends the waits. nil: no call waits;
	// those that would have to say fsapi.ErrAgain.
	Context context.Context
}

// FileWriter writes messages to a file of an [fsapi.FS] and commits them.
// Nothing is visible or durable before Commit has succeeded.
//
//	w, err := dboxfmt.NewFileWriter(fs.Create(path, fsapi.FailIfExists, perm), header, opts)
//	m, err := w.Create(dboxfmt.UnknownSize)
//	n, err := m.Write(body)    // takes what there is room for; fsapi.ErrAgain
//	msg, err := m.Finish(meta) // fsapi.ErrAgain: call it again
//	err = w.Commit()           // fsapi.ErrAgain: call it again
//
// After fsapi.ErrAgain, what was set with SetCallback is called when it is worth
// repeating the call, and Wait and FS.Wait return. A FileWriter is for one
// goroutine.
type FileWriter struct {
	file    *fsapi.File
	opts    FileWriterOptions
	header  FileHeader
	w       *Writer      // nil: an appender that is not ready
	check   *appendCheck // nil: a new file
	base    int64        // what is committed, in bytes
	changed func()
}

// NewFileWriter returns a writer for a file that fs.Create has made and that
// nothing was written to. Unless there is an error, the file is the writer's
// from now on.
func NewFileWriter(f *fsapi.File, h FileHeader, opts FileWriterOptions) (*FileWriter, error) {
	w := &FileWriter{file: f, opts: opts, header: h}
	if err := w.restart(); err != nil {
		return nil, err
	}
	return w, nil
}

// restart makes the writer go on after what is committed.
func (w *FileWriter) restart() (err error) {
	out := &waitingOutput{ctx: w.opts.Context, file: w.file, out: fsapi.NewOutputStream(w.file)}
	if w.base == 0 {
		w.w, err = NewWriter(out, w.header, w.opts.WriterOptions)
	} else {
		w.w, err = NewAppender(out, w.header, w.base, w.opts.WriterOptions)
	}
	return err
}

// File returns the file, for its lock, [fsapi.FS.CommitAll] and the like.
func (w *FileWriter) File() *fsapi.File { return w.file }

// Header returns the header of the file, which for an appender is known when
// Ready has returned nil.
func (w *FileWriter) Header() FileHeader { return w.header }

// Size returns how long the file will be in bytes once everything written so far
// is committed; 0 before an appender is ready.
func (w *FileWriter) Size() int64 {
	if w.w == nil {
		return 0
	}
	return w.w.offset
}

// Create begins a message; see [Writer.Create].
func (w *FileWriter) Create(size int64) (*MessageWriter, error) {
	if err := w.Ready(); err != nil {
		return nil, err
	}
	return w.w.Create(size)
}

// CreateSpooled begins a message for a version 2 file whose size is not known;
// see [Writer.CreateSpooled]. It takes a writer that waits: without a Context it
// is an [ErrState].
func (w *FileWriter) CreateSpooled(opts SpoolOptions) (*Spooler, error) {
	if w.opts.Context == nil {
		return nil, fmt.Errorf("%w: a spooler needs a writer that waits", ErrState)
	}
	if err := w.Ready(); err != nil {
		return nil, err
	}
	return w.w.CreateSpooled(opts), nil
}

// Flush makes everything written so far part of the file's next commit. Only
// who commits the file by other means, such as [fsapi.FS.CommitAll], needs it.
// An unfinished message is an [ErrState], and so is a new file without any.
func (w *FileWriter) Flush() error {
	if w.w == nil {
		return nil // an appender that was not used
	}
	switch {
	case w.w.fail != nil:
		return w.w.fail
	case w.w.current != nil:
		return fmt.Errorf("%w: the last message is not finished", ErrState)
	case w.base == 0 && w.w.offset == w.header.Size():
		return fmt.Errorf("%w: a file needs a message", ErrState)
	}
	return w.w.w.(*waitingOutput).flush()
}

// Commit makes the messages durable and visible; see [fsapi.File.Commit].
func (w *FileWriter) Commit() error { return w.commit(w.file.Commit) }

// CommitAs is Commit under another name; see [fsapi.File.CommitAs].
func (w *FileWriter) CommitAs(filename string) error {
	return w.commit(func() error { return w.file.CommitAs(filename) })
}

func (w *FileWriter) commit(commit func() error) error {
	if err := w.Flush(); err != nil {
		return err
	}
	err := w.await(commit)
	if err == nil {
		w.Committed()
	}
	return err
}

// Committed tells the writer that its file was committed by other means after
// Flush.
func (w *FileWriter) Committed() { w.base = w.Size() }

// Rollback forgets what was written since the last commit, an unfinished message
// and an error of writing included, and the writer can be used again. An
// appender looks at the file again first.
func (w *FileWriter) Rollback() error {
	if err := w.await(w.file.Rollback); err != nil {
		return err
	}
	if w.check != nil {
		w.check.restart()
		w.w = nil
		return nil
	}
	return w.restart()
}

// Close closes the file, and so forgets what is not committed.
func (w *FileWriter) Close() error {
	if w.check != nil {
		w.check.closeNamed()
	}
	return w.file.Close()
}

// SetCallback sets what is called when a call that has said fsapi.ErrAgain is
// worth repeating. The rules of [fsapi.File.SetOutputCallback] hold.
func (w *FileWriter) SetCallback(fn func()) {
	w.changed = fn
	w.file.SetOutputCallback(fn)
	w.file.SetInputCallback(fn)
	if w.check != nil && w.check.named != nil {
		w.check.named.SetInputCallback(fn)
	}
}

// Wait waits until a call that has said fsapi.ErrAgain is worth repeating; see
// [fsapi.File.Wait].
func (w *FileWriter) Wait(ctx context.Context) error {
	if w.check != nil && w.check.named != nil {
		return w.check.named.Wait(ctx)
	}
	return w.file.Wait(ctx)
}

// await waits if the writer is one that does.
func (w *FileWriter) await(call func() error) error { return await(w.opts.Context, w, call) }

// waitingOutput is where a FileWriter writes to. Without a context it does not
// wait.
type waitingOutput struct {
	ctx  context.Context
	file *fsapi.File
	out  *fsapi.OutputStream
}

func (o *waitingOutput) Write(p []byte) (n int, err error) {
	err = await(o.ctx, o.file, func() error {
		m, err := o.out.Write(p[n:])
		n += m
		return err
	})
	return n, err
}

func (o *waitingOutput) flush() error { return await(o.ctx, o.file, o.out.Flush) }
