package sdbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// Verify implements mailstore.Store. It reads every message to its end. Each
// mailbox is locked while its directories are compared with its index, not while
// messages are read.
func (s *Store) Verify(ctx context.Context, report func(mailstore.Problem)) error {
	list, err := s.tree.List(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, info := range list {
		if !info.Selectable {
			continue
		}
		names = append(names, info.Name)
		v := &verification{box: s.newBox(info.Name), report: report}
		if err := v.run(ctx); err != nil {
			return wrap(info.Name, 0, err)
		}
	}
	alts, err := s.tree.AltList(ctx)
	if err != nil {
		return err
	}
	for _, name := range alts {
		if !slices.Contains(names, name) {
			report(mailstore.Problem{Mailbox: name, File: s.tree.AltDir(name), Err: errNoMailbox})
		}
	}
	return nil
}

// What Verify finds, beside the errors of indexes and message files.
var (
	errNoMailbox = errors.New("it is in the alternate storage only")
	errNoIndex   = errors.New("there are messages and no index")
	errNoFile    = errors.New("there is no file")
	errNoGUID    = errors.New("the message has no GUID")
	errDeleted   = errors.New("its deletion has begun and is not finished")
	errRequested = errors.New("somebody has asked to expunge it, and has not done it")
	errName      = errors.New("it has the name of no message: nobody reads it")
	errHigh      = errors.New("no index has it, and its UID would leave none for others")
	errOrphan    = errors.New("no index has it: a commit has not come to its end")
	errLeftover  = errors.New("the message is expunged, the file is left")
	errTwice     = errors.New("it is in both storages")
	errPlace     = errors.New("it is not in the storage that the index says")
	errSize      = errors.New("its virtual size is not what the file says")
	errPOP3      = errors.New("it has POP3 keys, and the index does not say so")
	errCounts    = errors.New("the index counts its messages wrongly")
	errIdentity  = errors.New("the index has no UIDVALIDITY or GUID")
)

// verification is of one mailbox.
type verification struct {
	*box
	report  func(mailstore.Problem)
	view    *mailindex.View
	primary map[uint32]bool
	inAlt   map[uint32]bool
	odd     []string // paths of what begins like a message, and is none
}

func (v *verification) found(uid uint32, file string, harmless bool, err error) {
	p := mailstore.Problem{Mailbox: v.name, UID: uid, File: file, Err: err, Harmless: harmless}
	if f := (*dboxfmt.FormatError)(nil); errors.As(err, &f) {
		p.Offset = f.Offset
	}
	if f := (*mailindex.FormatError)(nil); errors.As(err, &f) {
		p.File, p.Offset = f.File, f.Offset
	}
	v.report(p)
}

func (v *verification) run(ctx context.Context) error {
	o := v.store.indexOptions()
	o.Create = false
	x, err := mailindex.Open(ctx, v.store.fsys, v.dir, "dovecot.index", o)
	if x != nil {
		defer x.Close()
	}
	switch {
	case errors.Is(err, mailindex.ErrGone):
		v.found(0, v.dir, true, errDeleted)
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return v.withoutIndex(ctx)
	case errors.Is(err, mailindex.ErrCorrupt):
		v.found(0, v.dir, false, err)
		return nil
	case err != nil:
		return err
	}
	v.index = x
	if err := v.look(ctx); err != nil {
		if errors.Is(err, mailindex.ErrCorrupt) {
			v.found(0, v.dir, false, err)
			return nil
		}
		return err
	}
	if err := v.compare(ctx); err != nil {
		return err
	}
	return v.readAll(ctx)
}

// withoutIndex: a mailbox that nobody has opened yet has none.
func (v *verification) withoutIndex(ctx context.Context) error {
	primary, err := v.set(ctx, false)
	if err == nil && len(primary) > 0 {
		v.found(0, v.dir, false, fmt.Errorf("%w: %d", errNoIndex, len(primary)))
	}
	v.oddNames()
	return err
}

// look takes the index and the directories at one moment.
func (v *verification) look(ctx context.Context) (err error) {
	l, err := v.index.Lock(ctx)
	if err != nil {
		return err
	}
	defer l.Unlock()
	if v.view, err = l.View(ctx); err != nil {
		return err
	}
	if v.primary, err = v.set(ctx, false); err != nil {
		return err
	}
	v.inAlt, err = v.set(ctx, true)
	return err
}

func (v *verification) set(ctx context.Context, alt bool) (map[uint32]bool, error) {
	there, err := v.box.names(ctx, v.dirOf(alt))
	set := make(map[uint32]bool, len(there.uids))
	for _, uid := range there.uids {
		set[uid] = true
	}
	for _, e := range there.odd {
		v.odd = append(v.odd, v.path(e.Name(), alt))
	}
	return set, err
}

func (v *verification) oddNames() {
	for _, path := range v.odd {
		v.found(0, path, true, errName)
	}
}

// compare joins the index and the directories.
func (v *verification) compare(ctx context.Context) error {
	if !initialized(v.view) {
		v.found(0, v.index.Path(), len(v.primary) == 0, errIdentity)
	}
	known := make(map[uint32]bool, v.view.Count())
	var seen, deleted uint32
	for m, err := range v.view.All(ctx, 1, v.view.Count()) {
		if err != nil {
			return err
		}
		known[m.UID] = true
		if m.Flags&mailindex.Seen != 0 {
			seen++
		}
		if m.Flags&mailindex.Deleted != 0 {
			deleted++
		}
		v.place(m)
	}
	if h := v.view.Header(); h.Seen != seen || h.Deleted != deleted {
		v.found(0, v.index.Path(), true, errCounts)
	}
	asked, err := v.view.Requested(ctx)
	for _, e := range asked {
		v.found(e.UID, v.index.Path(), true, errRequested)
	}
	v.oddNames()
	for _, alt := range []bool{false, true} {
		for uid := range map[bool]map[uint32]bool{false: v.primary, true: v.inAlt}[alt] {
			switch {
			case known[uid]:
			case uid < v.view.NextUID():
				v.found(uid, v.file(uid, alt), true, errLeftover)
			case tooHigh(v.view.NextUID(), uid):
				v.found(uid, v.file(uid, alt), true, errHigh)
			default:
				v.found(uid, v.file(uid, alt), true, errOrphan)
			}
		}
	}
	return err
}

// place looks where the file of a message is.
func (v *verification) place(m mailindex.Message) {
	alt := m.Flags&mailindex.Backend != 0
	switch primary, inAlt := v.primary[m.UID], v.inAlt[m.UID]; {
	case !primary && !inAlt:
		v.found(m.UID, v.file(m.UID, alt), false, errNoFile)
	case primary && inAlt:
		v.found(m.UID, v.file(m.UID, !alt), true, errTwice)
	case inAlt != alt:
		v.found(m.UID, v.file(m.UID, inAlt), true, errPlace)
	}
}
