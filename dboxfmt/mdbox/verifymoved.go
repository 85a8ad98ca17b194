package mdbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// maxMoves bounds how often a message is looked up again.
const maxMoves = 5

// notGood: an error that is about what is verified.
func notGood(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, dboxfmt.ErrCorrupt) || errors.Is(err, dboxfmt.ErrTruncated)
}

// moved reports what is wrong with a message, unless it is somewhere else by now.
func (v *verification) moved(ctx context.Context, was mapped, cause error) error {
	for range maxMoves {
		now, err := v.store.mapNow(ctx)
		if err != nil {
			return err
		}
		e, err := now.find(ctx, was.uid)
		if errors.Is(err, mailindex.ErrNoMessage) {
			return nil
		}
		if err != nil {
			return err
		}
		if e.at == was.at {
			break
		}
		if cause = v.again(ctx, e); cause == nil {
			return nil
		}
		was = e
	}
	if !notGood(cause) && !errors.Is(cause, mailstore.ErrCorrupt) {
		return cause
	}
	ref := v.refs[was.uid]
	v.report(mailstore.Problem{
		Mailbox: ref.box, UID: ref.uid, File: v.path(was.at.file, false), Offset: int64(was.at.offset),
		Err: fmt.Errorf("map uid %d: %w", was.uid, cause), Harmless: ref.count == 0 && was.refs == 0,
	})
	return nil
}

func (v *verification) again(ctx context.Context, e mapped) error {
	alt, err := v.store.inAlt(ctx, e.at.file)
	if err != nil {
		return err
	}
	f := v.store.opts.FS.Open(v.path(e.at.file, alt), fsapi.ReadOnly)
	defer f.Close()
	src, err := dboxfmt.OpenSource(ctx, f, "")
	if err != nil {
		return err
	}
	h, err := src.Header()
	if err != nil {
		return err
	}
	return v.record(src, h, e)
}
