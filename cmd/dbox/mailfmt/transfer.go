package mailfmt

import (
	"context"
	"errors"
	"io"
)

// Options are the choices of [Transfer].
type Options struct {
	KeepCRLF bool           // do not turn CRLF into LF
	Into     string         // the mailbox that all mail goes to; "": each to its own
	Problem  func(*Problem) // is told about each mail that cannot be read
	Progress func(n int64)  // is told about each n bytes of text read
}

// Result is what a Transfer has done.
type Result struct {
	Written  int          // mails that are complete and durable
	Problems int          // mails that could not be read
	Bytes    int64        // of text of all mails that were taken
	Lost     map[Loss]int // how many mails have lost what
}

// Transfer moves all mails from one to the other and finishes the target. It
// stops at the first error that is not about a single mail of the source; what
// was complete by then is committed all the same. So it is when ctx ends.
func Transfer(ctx context.Context, from Source, to Target, opts Options) (Result, error) {
	t := transfer{ctx: ctx, opts: opts, result: Result{Lost: map[Loss]int{}}}
	err := t.run(from, to)
	err = errors.Join(err, to.Finish())
	t.result.Written = to.Committed()
	return t.result, err
}

// transfer is one that is under way.
type transfer struct {
	ctx    context.Context
	opts   Options
	result Result
}

func (t *transfer) run(from Source, to Target) error {
	if err := t.makeMailboxes(from, to); err != nil {
		return err
	}
	for {
		if err := context.Cause(t.ctx); err != nil {
			return err
		}
		mail, err := from.Next()
		var p *Problem
		switch {
		case err == io.EOF:
			return nil
		case errors.As(err, &p):
			t.result.Problems++
			t.opts.Problem(p)
			continue
		case err != nil:
			return err
		}
		if err := t.move(mail, to); err != nil {
			return err
		}
	}
}

// makeMailboxes makes those that may be empty.
func (t *transfer) makeMailboxes(from Source, to Target) error {
	shelf, ok := from.(Shelf)
	maker, ok2 := to.(Maker)
	if !ok || !ok2 || t.opts.Into != "" {
		return nil
	}
	for _, m := range shelf.Mailboxes() {
		if err := maker.MakeMailbox(m); err != nil {
			return err
		}
	}
	return nil
}

func (t *transfer) move(mail *Mail, to Target) error {
	if t.opts.Into != "" {
		mail.Mailbox = t.opts.Into
	}
	open := mail.Text
	size := int64(0)
	mail.Text = func() (io.Reader, error) {
		r, err := open()
		if err != nil {
			return nil, err
		}
		size = 0
		r = &watched{r: r, ctx: t.ctx, progress: t.opts.Progress, size: &size}
		if !t.opts.KeepCRLF {
			r = &lfReader{r: r}
		}
		return r, nil
	}
	if !t.opts.KeepCRLF {
		mail.Size = UnknownSize
	}
	lost, err := to.Add(mail)
	if err != nil {
		return err
	}
	for _, l := range Losses {
		if lost&l.Loss != 0 {
			t.result.Lost[l.Loss]++
		}
	}
	t.result.Bytes += size
	return nil
}

// watched counts, and ends when its context does.
type watched struct {
	r        io.Reader
	ctx      context.Context
	progress func(int64)
	size     *int64
}

func (w *watched) Read(p []byte) (int, error) {
	if err := context.Cause(w.ctx); err != nil {
		return 0, err
	}
	n, err := w.r.Read(p)
	*w.size += int64(n)
	w.progress(int64(n))
	return n, err
}
