package sdbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"time"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// Fetch implements mailstore.Mailbox.
func (m *mailbox) Fetch(ctx context.Context, uids []uint32, o mailstore.FetchOptions) iter.Seq2[*mailstore.Mail, error] {
	return func(yield func(*mailstore.Mail, error) bool) {
		entries, err := m.box.refresh(ctx)
		if err == nil && uids == nil {
			uids, err = allUIDs(ctx, entries)
		}
		if err != nil {
			yield(nil, m.box.wrap(0, err))
			return
		}
		f := &fetch{ctx: ctx, box: m.box, entries: entries, options: o, missed: map[uint32]int{}}
		opener := mailstore.Opener{FS: m.box.store.fsys, Open: f.open, Again: f.again}
		for mail, err := range mailstore.Ahead(ctx, uids, o, opener) {
			if !yield(mail, err) {
				return
			}
		}
	}
}

func allUIDs(ctx context.Context, entries mailstore.Entries) ([]uint32, error) {
	uids := make([]uint32, 0, entries.Len())
	for e, err := range entries.All(ctx) {
		if err != nil {
			return nil, err
		}
		uids = append(uids, e.UID)
	}
	return uids, nil
}

// fetch is one call of Fetch.
type fetch struct {
	ctx     context.Context
	box     *box
	entries mailstore.Entries
	options mailstore.FetchOptions
	missed  map[uint32]int // how often a file was not where it was looked for
}

// open starts to read a message where the index says it is.
func (f *fetch) open(uid uint32) (*mailstore.Mail, error) {
	e, ok, err := f.entries.ByUID(f.ctx, uid)
	if !ok || err != nil {
		return nil, f.box.wrap(uid, err)
	}
	return f.at(e, e.Alt), nil
}

func (f *fetch) at(e mailstore.Entry, alt bool) *mailstore.Mail {
	file := f.box.store.fsys.Open(f.box.file(e.UID, alt), fsapi.ReadOnly)
	stream := dboxfmt.NewSingleStream(file, dboxfmt.StreamOptions{Verify: f.options.Verify, Owns: true})
	mail := mailstore.NewMail(e, file, stream, time.Time{})
	if f.box.store.opts.Attachments != "" {
		mail.FindAttachments(f.box.store.fsys, func(ref string) string { return f.box.attachment(e.UID, ref) })
	}
	return mail
}

// again looks for a file in the other place. When it is in neither, it may have
// been moved from one to the other just then, or have been expunged: the index
// says so by now.
func (f *fetch) again(ctx context.Context, uid uint32, cause error) (*mailstore.Mail, error) {
	f.missed[uid]++
	if !errors.Is(cause, fs.ErrNotExist) || f.missed[uid] > 3 {
		if errors.Is(cause, fs.ErrNotExist) {
			cause = fmt.Errorf("%w: %w", mailstore.ErrCorrupt, cause)
		}
		return nil, f.box.wrap(uid, cause)
	}
	entries := f.entries
	if f.missed[uid] == 2 {
		var err error
		if entries, err = f.box.refresh(ctx); err != nil {
			return nil, f.box.wrap(uid, err)
		}
	}
	e, ok, err := entries.ByUID(ctx, uid)
	if !ok || err != nil {
		return nil, f.box.wrap(uid, err)
	}
	return f.at(e, e.Alt == (f.missed[uid] == 2)), nil
}

// file is where a message is.
func (b *box) file(uid uint32, alt bool) string {
	return b.path(fmt.Sprintf("u.%d", uid), alt)
}
