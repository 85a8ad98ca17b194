package mailfmt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/ringbox/ringbox/cmd/dbox/stores"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// smallText is how large a text may be, in bytes, to be kept in memory.
const smallText = 1 << 20

// storeSource reads the mails of a store, one mailbox after the other.
type storeSource struct {
	ctx   context.Context
	store *stores.Store
	all   []Mailbox
	left  []Mailbox // still to be opened
	box   mailstore.Mailbox
	next  func() (*mailstore.Mail, error, bool)
	stop  func()
}

// OpenStore returns the mails of a store, or those of one mailbox. The Source
// closes the store.
func OpenStore(ctx context.Context, s *stores.Store, mailbox string) (Source, error) {
	boxes, err := s.Selectable(ctx)
	if err != nil {
		return nil, err
	}
	src := &storeSource{ctx: ctx, store: s}
	for _, info := range boxes {
		if mailbox == "" || info.Name == mailbox {
			m, err := describeMailbox(ctx, s, info)
			if err != nil {
				return nil, err
			}
			src.all = append(src.all, m)
		}
	}
	if mailbox != "" && src.all == nil {
		return nil, fmt.Errorf("%s: no mailbox %q", s.Location, mailbox)
	}
	src.left = src.all
	return src, nil
}

func describeMailbox(ctx context.Context, s *stores.Store, info mailstore.MailboxInfo) (Mailbox, error) {
	box, err := s.Open(ctx, info.Name)
	if err != nil {
		return Mailbox{}, err
	}
	st, err := box.Status(ctx)
	return Mailbox{
		Name: info.Name, Subscribed: info.Subscribed,
		UIDValidity: st.UIDValidity, UIDNext: func() uint32 { return st.UIDNext },
	}, errors.Join(err, box.Close())
}

// Mailboxes implements [Shelf].
func (s *storeSource) Mailboxes() []Mailbox { return s.all }

// Next implements [Source].
func (s *storeSource) Next() (*Mail, error) {
	for {
		if s.box == nil {
			if err := s.open(); err != nil {
				return nil, err
			}
		}
		m, err, ok := s.next()
		switch {
		case !ok:
			if err := s.closeBox(); err != nil {
				return nil, err
			}
			continue
		case context.Cause(s.ctx) != nil:
			return nil, context.Cause(s.ctx)
		case m == nil:
			return nil, err
		}
		var mail *Mail
		if err == nil {
			mail, err = s.mail(m)
		}
		if err != nil {
			return nil, s.problem(m, err)
		}
		return mail, nil
	}
}

func (s *storeSource) open() (err error) {
	if len(s.left) == 0 {
		return io.EOF
	}
	name := s.left[0].Name
	s.left = s.left[1:]
	if s.box, err = s.store.Open(s.ctx, name); err != nil {
		s.box = nil
		return err
	}
	s.next, s.stop = iter.Pull2(s.box.Fetch(s.ctx, nil, mailstore.FetchOptions{Verify: true}))
	return nil
}

func (s *storeSource) problem(m *mailstore.Mail, err error) error {
	if cause := context.Cause(s.ctx); cause != nil {
		return cause
	}
	return &Problem{File: fmt.Sprintf("%s: mailbox %q: uid %d", s.store.Location, s.box.Name(), m.UID), Reason: err.Error()}
}

// mail reads the text once, so that nothing is found out half-way.
func (s *storeSource) mail(m *mailstore.Mail) (*Mail, error) {
	s.store.FindAttachments(m)
	out := &Mail{
		Name:    fmt.Sprintf("mailbox %q, uid %d", s.box.Name(), m.UID),
		Mailbox: s.box.Name(), Size: m.Size, Received: m.Received, GUID: m.GUID, Keywords: m.Keywords,
		Flags: fromStoreFlags(m.Flags), UID: m.UID,
	}
	out.POP3UIDL, _ = m.Metadata.POP3UIDL()
	out.POP3Order, _ = m.Metadata.POP3Order()
	var err error
	if out.Saved, err = m.Saved(s.ctx); err != nil {
		return nil, err
	}
	text, err := StoredText(s.ctx, m)
	if err != nil {
		return nil, err
	}
	small, err := io.ReadAll(io.LimitReader(text, smallText+1))
	if err != nil {
		return nil, err
	}
	if len(small) <= smallText {
		out.Text = func() (io.Reader, error) { return bytes.NewReader(small), nil }
		return out, nil
	}
	if _, err := io.Copy(io.Discard, text); err != nil {
		return nil, err
	}
	out.Text = func() (io.Reader, error) { return StoredText(s.ctx, m) }
	return out, nil
}

func (s *storeSource) closeBox() error {
	if s.box == nil {
		return nil
	}
	s.stop()
	err := s.box.Close()
	s.box = nil
	return err
}

// Close implements [Source].
func (s *storeSource) Close() error { return errors.Join(s.closeBox(), s.store.Close()) }

var storeFlags = []struct {
	flag mailstore.Flags
	of   func(*Flags) *bool
}{
	{mailstore.Answered, func(f *Flags) *bool { return &f.Answered }},
	{mailstore.Flagged, func(f *Flags) *bool { return &f.Flagged }},
	{mailstore.Deleted, func(f *Flags) *bool { return &f.Deleted }},
	{mailstore.Seen, func(f *Flags) *bool { return &f.Seen }},
	{mailstore.Draft, func(f *Flags) *bool { return &f.Draft }},
}

func fromStoreFlags(set mailstore.Flags) (f Flags) {
	for _, s := range storeFlags {
		*s.of(&f) = set&s.flag != 0
	}
	return f
}

func toStoreFlags(f Flags) (set mailstore.Flags) {
	for _, s := range storeFlags {
		if *s.of(&f) {
			set |= s.flag
		}
	}
	return set
}
