package mdbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path/filepath"
	"time"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// Bounds on how often a message is looked for: at a place that the map goes on
// giving, and at places that change.
const (
	maxRounds = 3
	maxPlaces = 100
)

// Fetch implements mailstore.Mailbox.
func (b *mailbox) Fetch(ctx context.Context, uids []uint32, o mailstore.FetchOptions) iter.Seq2[*mailstore.Mail, error] {
	return func(yield func(*mailstore.Mail, error) bool) {
		f := &fetch{ctx: ctx, box: b, options: o, files: fetchFiles{store: b.store}}
		defer f.close()
		err := f.look(ctx)
		if err == nil && uids == nil {
			uids, err = f.view.uids(ctx)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		opener := mailstore.Opener{FS: b.store.opts.FS, Open: f.open, Again: f.again}
		for mail, err := range mailstore.Ahead(ctx, uids, o, opener) {
			if err == nil {
				err = f.identify(mail)
			}
			goOn := yield(mail, err)
			if mail != nil {
				f.finish(mail, err)
			}
			if !goOn {
				return
			}
		}
	}
}

func (v boxView) uids(ctx context.Context) ([]uint32, error) {
	uids := make([]uint32, 0, v.Count())
	for m, err := range v.All(ctx, 1, v.Count()) {
		if err != nil {
			return nil, err
		}
		uids = append(uids, m.UID)
	}
	return uids, nil
}

// fetch is one call of Fetch.
type fetch struct {
	ctx     context.Context
	box     *mailbox
	view    boxView
	places  mapView
	options mailstore.FetchOptions
	files   fetchFiles
	reading []*attempt // in the order of the messages; the first is the next to be handed out
}

// attempt is how a message is being read.
type attempt struct {
	mapped
	rec    mailRecord
	file   *messageFile // nil: there is none
	stream *dboxfmt.MessageStream
	alt    bool // looked for in the alternate storage
	both   bool // and before that in the other one
	rounds int  // how often the map has given this place before
	moves  int  // how often it has given another one
}

// look takes the indexes as they are now.
func (f *fetch) look(ctx context.Context) error {
	// The mailbox first: what it refers to was in the map before.
	view, err := f.box.view(ctx)
	if err != nil {
		return err
	}
	places, err := f.box.store.mapNow(ctx)
	if err != nil {
		return err
	}
	f.view, f.places = view, places
	return nil
}

// open starts to read a message where the map says it is.
func (f *fetch) open(uid uint32) (*mailstore.Mail, error) {
	a := &attempt{}
	m, err := f.find(f.ctx, uid, a)
	if errors.Is(err, errNotInMap) {
		// Saved since the map was looked at, or expunged and purged.
		if err = f.look(f.ctx); err == nil {
			m, err = f.find(f.ctx, uid, a)
		}
	}
	if errors.Is(err, mailindex.ErrNoMessage) {
		return nil, nil
	}
	if err != nil && !errors.Is(err, mailstore.ErrCorrupt) {
		return nil, f.lost(uid, err)
	}
	f.reading = append(f.reading, a)
	if err != nil {
		return mailstore.LostMail(mailstore.NewEntry(m), f.lost(uid, err)), nil
	}
	return f.start(m, a), nil
}

// errNotInMap: the mailbox has a message that the map does not have.
var errNotInMap = fmt.Errorf("%w: not in the map", mailstore.ErrCorrupt)

// find tells a where a message is. mailindex.ErrNoMessage: the mailbox does not
// have it.
func (f *fetch) find(ctx context.Context, uid uint32, a *attempt) (m mailindex.Message, err error) {
	if m, err = f.view.Find(ctx, uid); err != nil {
		return m, err
	}
	a.rec = f.view.record(m)
	e, err := f.places.find(ctx, a.rec.mapUID)
	if errors.Is(err, mailindex.ErrNoMessage) {
		return m, fmt.Errorf("map uid %d: %w", a.rec.mapUID, errNotInMap)
	}
	a.mapped, a.both, a.alt = e, false, f.box.store.where.alt(e.at.file)
	return m, err
}

func (f *fetch) start(m mailindex.Message, a *attempt) *mailstore.Mail {
	a.file = f.files.get(a.at.file, a.alt)
	a.stream = dboxfmt.NewRecordStream(a.file.File, a.at.extent(), dboxfmt.StreamOptions{Verify: f.options.Verify, Header: a.file.header})
	mail := mailstore.NewMail(mailstore.NewEntry(m), a.file.File, a.stream, time.Unix(int64(a.rec.saved), 0))
	if dir := f.box.store.opts.Attachments; dir != "" {
		mail.FindAttachments(f.box.store.opts.FS, func(ref string) string { return filepath.Join(dir, filepath.Join("/", ref)) })
	}
	return mail
}

func (f *fetch) lost(uid uint32, cause error) error {
	return boxError(f.box.name, fmt.Errorf("uid %d: %w", uid, cause))
}

// again looks for a message in the other storage, and then asks the map where it
// is by now: a purge gives it another file, and removes the old one afterwards.
func (f *fetch) again(ctx context.Context, uid uint32, cause error) (*mailstore.Mail, error) {
	a := f.reading[0]
	if a.file == nil {
		return nil, cause // it has been looked for twice
	}
	// What is behind a name that was opened before need not be what it leads to now.
	_ = a.file.Close()
	f.files.forget(a.at.file)
	if errors.Is(cause, fs.ErrNotExist) && !a.both {
		m, err := f.view.Find(ctx, uid)
		a.both, a.alt = true, !a.alt
		if err != nil {
			return nil, f.lost(uid, err)
		}
		return f.start(m, a), nil
	}
	was := a.at
	if err := f.look(ctx); err != nil {
		return nil, err
	}
	m, err := f.find(ctx, uid, a)
	if errors.Is(err, mailindex.ErrNoMessage) {
		f.reading = f.reading[1:]
		return nil, nil
	}
	if a.rounds++; a.at != was {
		a.rounds = 0
		a.moves++
	}
	switch {
	case err != nil:
		return nil, f.lost(uid, err)
	case a.rounds == maxRounds || a.moves == maxPlaces:
		return nil, f.lost(uid, fmt.Errorf("%w: %v: %w", mailstore.ErrCorrupt, a.at, cause))
	}
	return f.start(m, a), nil
}

// identify makes sure that the message is the one that the mailbox means.
func (f *fetch) identify(mail *mailstore.Mail) error {
	a := f.reading[0]
	f.box.store.where.found(a.at.file, a.alt)
	guid, err := mail.Metadata.GUID128()
	if a.rec.guid != [16]byte{} && (err != nil || guid != a.rec.guid) {
		return f.lost(mail.UID, fmt.Errorf("%w: %v is a message of another GUID, %q", mailstore.ErrCorrupt, a.at, mail.GUID))
	}
	return nil
}

// finish ends the reading of the message that was handed out.
func (f *fetch) finish(mail *mailstore.Mail, failed error) {
	a := f.reading[0]
	f.reading = f.reading[1:]
	if a.file == nil {
		return
	}
	if h, err := a.stream.Header(); err == nil {
		a.file.header = &h
	}
	_ = mail.Close()
	if failed == nil && a.file.header != nil {
		f.files.put(a.file)
	} else {
		_ = a.file.Close()
	}
}

func (f *fetch) close() {
	for _, a := range f.reading {
		if a.file != nil {
			_ = a.file.Close()
		}
	}
	f.files.close()
}
