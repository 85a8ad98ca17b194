package mdbox

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

func TestMailboxes(t *testing.T) {
	x := newStore(t, Options{})
	_, err := x.Open(ctx, "none")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorIs(t, x.Create(ctx, "../up"), mailstore.ErrName)
	require.ErrorIs(t, x.Delete(ctx, "inbox"), mailstore.ErrName)
	require.ErrorIs(t, x.Delete(ctx, "none"), fs.ErrNotExist)
	b := x.create("a/ü")
	require.ErrorIs(t, x.Create(ctx, "a/ü"), fs.ErrExist)
	save(t, b, mailstore.SaveOptions{}, "1")
	require.NoError(t, x.Rename(ctx, "a/ü", "z"))
	_, err = b.Status(ctx)
	require.ErrorIs(t, err, mailstore.ErrDeleted)
	require.Equal(t, []string{`1 "1"`}, contents(t, x.box("z")))
	require.NoError(t, x.Subscribe(ctx, "z", true))
	list, err := x.Mailboxes(ctx)
	require.NoError(t, err)
	require.Equal(t, []mailstore.MailboxInfo{{Name: "z", Selectable: true, Subscribed: true}}, list)
}

// A mailbox that another process has deleted and made again is another one.
func TestAnotherOfTheSameName(t *testing.T) {
	x := newStore(t, Options{})
	b := x.create("box")
	save(t, b, mailstore.SaveOptions{}, "old")
	tx := b.Begin()
	require.NoError(t, tx.Save(ctx, strings.NewReader("x"), mailstore.SaveOptions{}))
	other, err := Open(ctx, x.opts)
	require.NoError(t, err)
	require.NoError(t, other.Delete(ctx, "box"))
	require.NoError(t, other.Create(ctx, "box"))
	require.NoError(t, other.Close())
	_, err = tx.Commit(ctx)
	require.ErrorIs(t, err, mailstore.ErrDeleted)
	require.ErrorIs(t, b.SetFlags(ctx, []uint32{1}, mailstore.FlagChange{Add: mailstore.Seen}), mailstore.ErrDeleted)
	require.ErrorIs(t, b.Expunge(ctx, []uint32{1}), mailstore.ErrDeleted)
	_, err = b.Status(ctx)
	require.ErrorIs(t, err, mailstore.ErrDeleted)
	require.Empty(t, contents(t, x.box("box")))
	_, err = x.Purge(ctx)
	require.NoError(t, err)
	_, err = x.Rebuild(ctx) // what the transaction has left at the end of its file
	require.NoError(t, err)
}

func TestTransactions(t *testing.T) {
	x := newStore(t, Options{})
	b := x.box("INBOX")
	tx := b.Begin()
	require.NoError(t, tx.Save(ctx, strings.NewReader("1"), mailstore.SaveOptions{}))
	require.NoError(t, tx.Rollback())
	_, err := tx.Commit(ctx)
	require.ErrorIs(t, err, mailstore.ErrFinished)
	require.Empty(t, x.files())

	tx = b.Begin()
	require.NoError(t, tx.Save(ctx, strings.NewReader("1"), mailstore.SaveOptions{}))
	broken := errors.New("broken")
	require.ErrorIs(t, tx.Save(ctx, failing{broken}, mailstore.SaveOptions{}), broken)
	_, err = tx.Commit(ctx)
	require.ErrorIs(t, err, broken)

	save(t, b, mailstore.SaveOptions{UID: 5}, "1")
	tx = b.Begin()
	require.NoError(t, tx.Save(ctx, strings.NewReader("2"), mailstore.SaveOptions{UID: 5}))
	_, err = tx.Commit(ctx)
	require.ErrorIs(t, err, mailstore.ErrUID)
	require.Equal(t, []string{`5 "1"`}, contents(t, b))
	save(t, b, mailstore.SaveOptions{}, "3") // tells the map of what was left
	require.Empty(t, x.problems())
	uids, err := b.Begin().Commit(ctx)
	require.NoError(t, err)
	require.Empty(t, uids)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestWait(t *testing.T) {
	x := newStore(t, Options{})
	b := x.box("INBOX")
	require.NoError(t, b.Wait(ctx), "nothing is known yet")
	_, err := b.Status(ctx)
	require.NoError(t, err)
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, b.Wait(short), context.DeadlineExceeded)
	other, err := Open(ctx, x.opts)
	require.NoError(t, err)
	defer other.Close()
	changed := make(chan error, 1)
	go func() { changed <- b.Wait(ctx) }()
	ob, err := other.Open(ctx, "INBOX")
	require.NoError(t, err)
	defer ob.Close()
	save(t, ob, mailstore.SaveOptions{}, "1")
	require.NoError(t, <-changed)
}

// A message that is in as many mailboxes as can be is copied for real.
func TestTooManyReferences(t *testing.T) {
	x := newStore(t, Options{})
	b, to := x.box("INBOX"), x.create("to")
	save(t, b, mailstore.SaveOptions{Keywords: []string{"k"}}, "1", "2")
	x.changeMap(func(t *mailindex.Transaction, entries []mapped) { t.Increment(refExt, entries[0].uid, MaxRefs-1) })
	uids, err := b.Copy(ctx, []uint32{1, 2}, to)
	require.NoError(t, err)
	require.Equal(t, []uint32{1, 2}, uids)
	require.Equal(t, []string{`1 "1" [k]`, `2 "2" [k]`}, contents(t, to))
	m, err := x.mapNow(ctx)
	require.NoError(t, err)
	require.Equal(t, 4, m.Count())
	x.changeMap(func(t *mailindex.Transaction, entries []mapped) { t.Increment(refExt, entries[0].uid, 1-MaxRefs) })
}

func TestCopyToAnotherStore(t *testing.T) {
	x, y := newStore(t, Options{Version: 2}), newStore(t, Options{})
	b, to := x.box("INBOX"), y.box("INBOX")
	save(t, b, mailstore.SaveOptions{Flags: mailstore.Draft, GUID: "g", POP3UIDL: "u", KeepCRLF: true}, "1", "2\r\n")
	uids, err := b.Move(ctx, []uint32{2}, to)
	require.NoError(t, err)
	require.Equal(t, []uint32{1}, uids)
	require.Equal(t, []string{`1 "2\r\n" \Draft`}, contents(t, to))
	require.Equal(t, []string{`1 "1" \Draft`}, contents(t, b))
	for m, err := range to.Fetch(ctx, nil, mailstore.FetchOptions{}) {
		require.NoError(t, err)
		require.Equal(t, "g", m.GUID)
		uidl, err := m.Metadata.POP3UIDL()
		require.NoError(t, err)
		require.Equal(t, "u", uidl)
	}
}

// A purge keeps what a mailbox refers to, whatever the map counts.
func TestPurgeBelievesTheMailboxes(t *testing.T) {
	x := newStore(t, Options{})
	b := x.box("INBOX")
	save(t, b, mailstore.SaveOptions{}, "1", "2", "3")
	require.NoError(t, b.Expunge(ctx, []uint32{3}))
	x.changeMap(func(t *mailindex.Transaction, entries []mapped) { t.Increment(refExt, entries[0].uid, -1) })
	report, err := x.Purge(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, report.Messages)
	require.Positive(t, report.Bytes)
	require.Equal(t, []string{`1 "1"`, `2 "2"`}, contents(t, b))
}

// A purge leaves alone what is damaged, and does the rest.
func TestPurgeOfDamagedFiles(t *testing.T) {
	x := newStore(t, Options{RotateSize: 10})
	b := x.box("INBOX")
	save(t, b, mailstore.SaveOptions{}, "1")
	save(t, b, mailstore.SaveOptions{}, "2")
	require.NoError(t, b.Expunge(ctx, []uint32{1, 2}))
	x.edit(func(data []byte) []byte {
		return append(data, "\x01\x02garbage that is not the start of a message, nor its end\n more"...)
	}, "storage", "m.1")
	report, err := x.Purge(ctx)
	if err == nil {
		require.Equal(t, 2, report.Messages)
	} else {
		require.ErrorIs(t, err, mailstore.ErrCorrupt)
		require.Equal(t, 1, report.Messages)
	}
	_, err = x.Rebuild(ctx)
	require.NoError(t, err)
}

// A message that is another one than the mailbox means is not handed out as if
// it were right.
func TestFetchIdentifies(t *testing.T) {
	x := newStore(t, Options{})
	b := x.box("INBOX")
	save(t, b, mailstore.SaveOptions{}, "1", "2", "3")
	x.changeMap(func(t *mailindex.Transaction, entries []mapped) {
		t.SetExt(placeExt, entries[0].uid, entries[1].at.bytes())
		t.SetExt(placeExt, entries[1].uid, entries[0].at.bytes())
	})
	var wrong, right []uint32
	for m, err := range b.Fetch(ctx, nil, mailstore.FetchOptions{}) {
		if err == nil {
			right = append(right, m.UID)
			continue
		}
		require.ErrorIs(t, err, mailstore.ErrCorrupt)
		wrong = append(wrong, m.UID)
	}
	require.Equal(t, []uint32{1, 2}, wrong)
	require.Equal(t, []uint32{3}, right)
	_, err := x.Rebuild(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{`1 "1"`, `2 "2"`, `3 "3"`}, contents(t, b))
}

// A message that the map does not have, or has no place for, is an error of its own,
// and those behind it come all the same.
func TestFetchGoesOnBehindALostMessage(t *testing.T) {
	x := newStore(t, Options{})
	b := x.box("INBOX")
	save(t, b, mailstore.SaveOptions{}, "1", "2", "3", "4")
	x.changeMap(func(t *mailindex.Transaction, entries []mapped) {
		t.Expunge(mailindex.Expunge{UID: entries[1].uid})
		t.SetExt(placeExt, entries[2].uid, place{}.bytes())
	})
	var lost, there []uint32
	for m, err := range b.Fetch(ctx, nil, mailstore.FetchOptions{}) {
		require.NotNil(t, m)
		if err == nil {
			there = append(there, m.UID)
			continue
		}
		lost = append(lost, m.UID)
		require.ErrorIs(t, err, mailstore.ErrCorrupt)
		_, err = m.Body(ctx)
		require.ErrorIs(t, err, mailstore.ErrCorrupt)
		_, err = m.Saved(ctx)
		require.ErrorIs(t, err, mailstore.ErrCorrupt)
	}
	require.Equal(t, []uint32{2, 3}, lost)
	require.Equal(t, []uint32{1, 4}, there)
	_, err := x.Rebuild(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{`1 "1"`, `2 "2"`, `3 "3"`, `4 "4"`}, contents(t, b))
}

// Small messages wait in memory, large ones do not; the order is that of the
// saves.
func TestSmallAndLarge(t *testing.T) {
	for _, version := range []int{2, 3} {
		x := newStore(t, Options{Version: version})
		b := x.box("INBOX")
		bodies := []string{"", "1", strings.Repeat("2", maxStaged), "3", strings.Repeat("4", 300<<10), "5", "6"}
		save(t, b, mailstore.SaveOptions{GUID: "g"}, bodies...)
		n := 0
		for m, err := range b.Fetch(ctx, nil, mailstore.FetchOptions{Verify: true}) {
			require.NoError(t, err)
			require.EqualValues(t, n+1, m.UID)
			require.EqualValues(t, len(bodies[n]), m.Size)
			require.Equal(t, "g", m.GUID)
			n++
		}
		require.Equal(t, len(bodies), n)
		tx := b.Begin()
		require.ErrorIs(t, tx.Save(ctx, strings.NewReader("x"), mailstore.SaveOptions{POP3UIDL: "a\nb"}), dboxfmt.ErrItem)
		require.NoError(t, tx.Rollback())
	}
}

// One who fails does not take along those who commit together with him, and his
// messages, between theirs, are known to be dead.
func TestGroupWithFailures(t *testing.T) {
	x := newStore(t, Options{})
	b := x.box("INBOX").(*mailbox)
	save(t, b, mailstore.SaveOptions{}, "0")
	var list []*delivery
	for i, want := range []uint32{0, 1, 0} { // the second cannot have its uid
		tx := b.Begin().(*transaction)
		require.NoError(t, tx.Save(ctx, strings.NewReader(string(rune('a'+i))), mailstore.SaveOptions{UID: want}))
		list = append(list, &delivery{transaction: tx})
	}
	// The third fails after it has been written.
	list[2].adds = append(list[2].adds, add{mapUID: 999})
	x.deliver(ctx, list)
	require.NoError(t, list[0].err)
	require.ErrorIs(t, list[1].err, mailstore.ErrUID)
	require.ErrorIs(t, list[2].err, mailindex.ErrNoMessage)
	require.Equal(t, []string{`1 "0"`, `2 "a"`}, contents(t, b))
	m, err := x.mapNow(ctx)
	require.NoError(t, err)
	require.Equal(t, 3, m.Count())
}

// Somebody copies an expunged message, or rebuilds the store, while a purge is
// about to drop it.
func TestPurgeMeetsOthers(t *testing.T) {
	for name, meets := range map[string]func(x *store, b *mailbox, expunged []boxMail, w *rewrite){
		"copy": func(x *store, b *mailbox, expunged []boxMail, _ *rewrite) {
			late := &transaction{box: b, adds: copies(expunged, 0)}
			_, err := late.Commit(ctx)
			require.NoError(x.t, err)
		},
		"rebuild": func(x *store, b *mailbox, _ []boxMail, _ *rewrite) {
			_, err := x.Rebuild(ctx)
			require.NoError(x.t, err)
		},
		"Dovecot's rebuild": func(x *store, b *mailbox, _ []boxMail, w *rewrite) {
			x.changeMap(func(t *mailindex.Transaction, _ []mapped) {
				t.SetExtHeader(placeExt, 4, []byte{1, 0, 0, 0})
				for _, c := range w.copies {
					if !c.out.fresh { // it is in a file that is locked, which does not matter to Dovecot
						enterDead(t, c.out.id, c.msg)
					}
				}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := newStore(t, Options{RotateSize: 500})
			b := x.box("INBOX").(*mailbox)
			save(t, b, mailstore.SaveOptions{}, "1", "2", strings.Repeat("3", 400))
			save(t, b, mailstore.SaveOptions{}, "4")
			view, err := b.view(ctx)
			require.NoError(t, err)
			list, err := view.pick(ctx, []uint32{1})
			require.NoError(t, err)
			require.NoError(t, b.Expunge(ctx, []uint32{1}))

			m, err := x.mapNow(ctx)
			require.NoError(t, err)
			refs, err := x.countReferences(ctx, m)
			require.NoError(t, err)
			src, err := x.openCompacted(ctx, 1)
			require.NoError(t, err)
			require.NoError(t, src.join(ctx, m, refs))
			require.Len(t, src.dead, 1)
			w := &rewrite{store: x.Store, src: src}
			require.NoError(t, w.copy(ctx, func(_ mapped, alt bool) bool { return alt }))
			require.NoError(t, x.syncAppended(ctx, w.outs))

			require.True(t, slices.ContainsFunc(w.outs, func(out *outlet) bool { return !out.fresh }))
			meets(x, b, list, w)
			before := contents(t, b)
			done, err := w.enterMap(ctx)
			require.NoError(t, err)
			require.False(t, done)
			w.close(done)
			src.close()
			require.Equal(t, before, contents(t, b))
			require.Empty(t, x.problems())
			m, err = x.mapNow(ctx)
			require.NoError(t, err)
			places := map[place]uint32{}
			for e, err := range m.all(ctx) {
				require.NoError(t, err)
				require.Zero(t, places[e.at], "%v is in the map twice", e.at)
				places[e.at] = e.uid
			}
			_, err = x.Purge(ctx)
			require.NoError(t, err)
			require.Equal(t, before, contents(t, b))
		})
	}
}
