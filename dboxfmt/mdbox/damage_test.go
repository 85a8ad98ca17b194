package mdbox

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// sample is a store with a message in two mailboxes, one in the alternate
// storage, one that is expunged, and one that is expunged and purged.
func sample(t *testing.T, version int) *store {
	x := newStore(t, Options{Alt: t.TempDir(), Version: version, Logger: quiet})
	in, other := x.box("INBOX"), x.create("Other")
	save(t, in, mailstore.SaveOptions{Flags: mailstore.Seen, Keywords: []string{"k"}}, "a", "b", "purged", "alt", "gone")
	require.NoError(t, in.Expunge(ctx, []uint32{3}))
	require.NoError(t, in.AltMove(ctx, []uint32{4}, false))
	_, err := x.Purge(ctx)
	require.NoError(t, err)
	save(t, other, mailstore.SaveOptions{}, "c")
	_, err = in.Copy(ctx, []uint32{1}, other)
	require.NoError(t, err)
	require.NoError(t, in.Expunge(ctx, []uint32{5}))
	require.Equal(t, whole, x.all())
	require.Empty(t, x.problems())
	return x
}

var whole = []string{
	`INBOX 1 "a" \Seen [k]`, `INBOX 2 "b" \Seen [k]`, `INBOX 4 "alt" \Seen [k] alt`,
	`Other 1 "c"`, `Other 2 "a" \Seen [k]`,
}

// all are the contents of all mailboxes.
func (x *store) all() (list []string) {
	boxes, err := x.Mailboxes(ctx)
	require.NoError(x.t, err)
	for _, info := range boxes {
		b, err := x.Open(ctx, info.Name)
		require.NoError(x.t, err)
		for _, line := range contents(x.t, b) {
			list = append(list, info.Name+" "+line)
		}
		require.NoError(x.t, b.Close())
	}
	return list
}

func (x *store) remove(pattern ...string) {
	paths, err := filepath.Glob(filepath.Join(append([]string{x.opts.Root}, pattern...)...))
	require.NoError(x.t, err)
	require.NotEmpty(x.t, paths)
	for _, path := range paths {
		require.NoError(x.t, os.RemoveAll(path))
	}
}

// edit changes the only file that fits the pattern.
func (x *store) edit(change func([]byte) []byte, pattern ...string) {
	paths, err := filepath.Glob(filepath.Join(append([]string{x.opts.Root}, pattern...)...))
	require.NoError(x.t, err)
	require.Len(x.t, paths, 1)
	data, err := os.ReadFile(paths[0])
	require.NoError(x.t, err)
	// A new file, since nobody changes what is there in the middle.
	require.NoError(x.t, os.Remove(paths[0]))
	require.NoError(x.t, os.WriteFile(paths[0], change(data), 0o600))
}

// changeMap writes to the map what nobody should.
func (x *store) changeMap(change func(t *mailindex.Transaction, entries []mapped)) {
	m, err := x.mapNow(ctx)
	require.NoError(x.t, err)
	var entries []mapped
	for e, err := range m.all(ctx) {
		require.NoError(x.t, err)
		entries = append(entries, e)
	}
	var t mailindex.Transaction
	change(&t, entries)
	require.NoError(x.t, x.index.Commit(ctx, &t))
}

func (x *store) changeBox(name string, change func(t *mailindex.Transaction)) {
	index, err := x.acquire(ctx, name)
	require.NoError(x.t, err)
	var t mailindex.Transaction
	change(&t)
	require.NoError(x.t, index.Commit(ctx, &t))
	require.NoError(x.t, x.boxes.release(index))
}

// damages are what can be wrong with the sample: what Verify finds, and what
// Rebuild makes of it.
var damages = []struct {
	name  string
	do    func(x *store)
	finds string
	after []string // nil: everything as it was
}{
	{"map lost", func(x *store) { x.remove("storage", "dovecot.map.index*") }, "the map is lost", nil},
	{"map cut off", func(x *store) {
		x.edit(func(b []byte) []byte { return b[:60] }, "storage", "dovecot.map.index.log")
	}, "", nil},
	{"map is garbage", func(x *store) {
		x.edit(func(b []byte) []byte { return []byte(strings.Repeat("garbage ", 20)) }, "storage", "dovecot.map.index.log")
	}, "map", nil},
	{"index of a mailbox lost", func(x *store) { x.remove("mailboxes", "INBOX", "dbox-Mails", "dovecot.index*") }, "is in 0 mailboxes, the map counts 1",
		[]string{`INBOX 1 "a"`, `INBOX 2 "b"`, `INBOX 3 "alt"`, `Other 1 "c"`, `Other 2 "a" \Seen [k]`}},
	{"index of a mailbox is garbage", func(x *store) {
		x.edit(func(b []byte) []byte { return slices.Concat(b[:40], []byte(strings.Repeat("garbage ", 20))) }, "mailboxes", "INBOX", "dbox-Mails", "dovecot.index.log")
	}, `is in 0 mailboxes, the map counts 1`, []string{`INBOX 1 "a"`, `INBOX 2 "b"`, `INBOX 3 "alt"`, `Other 1 "c"`, `Other 2 "a" \Seen [k]`}},
	{"index of a mailbox ends with garbage", func(x *store) {
		x.edit(func(b []byte) []byte {
			size := mailindex.EncodeOffset(16)
			return slices.Concat(b, size[:], []byte("\x0f\x0f\x0f\x0f12345678"))
		}, "mailboxes", "INBOX", "dbox-Mails", "dovecot.index.log")
	}, `"INBOX"`, nil},
	{"all indexes lost", func(x *store) { x.remove("mailboxes"); x.remove("storage", "dovecot.map.index*") }, "the map is lost",
		[]string{`INBOX 1 "a"`, `INBOX 2 "b"`, `INBOX 3 "gone"`, `INBOX 4 "alt"`, `Other 1 "c"`}},
	{"message file lost", func(x *store) {
		require.NoError(x.t, os.Remove(x.layout.message(3, true)))
	}, "no such file", without(whole, `INBOX 4 "alt" \Seen [k] alt`)},
	{"message file under another number", func(x *store) {
		require.NoError(x.t, os.Rename(x.layout.message(3, true), x.layout.message(33, true)))
	}, "its highest number is", nil},
	{"message file in both storages", func(x *store) {
		data, err := os.ReadFile(x.layout.message(2, false))
		require.NoError(x.t, err)
		require.NoError(x.t, os.WriteFile(x.layout.message(2, true), data, 0o600))
	}, "both storages", nil},
	{"count too low", func(x *store) {
		x.changeMap(func(t *mailindex.Transaction, entries []mapped) { t.Increment(refExt, entries[0].uid, -1) })
	}, "is in 2 mailboxes, the map counts 1", nil},
	{"count too high", func(x *store) {
		x.changeMap(func(t *mailindex.Transaction, entries []mapped) { t.Increment(refExt, entries[0].uid, 5) })
	}, "is in 2 mailboxes, the map counts 7", nil},
	{"place wrong", func(x *store) {
		x.changeMap(func(t *mailindex.Transaction, entries []mapped) {
			at := entries[0].at
			at.offset++
			t.SetExt(placeExt, entries[0].uid, at.bytes())
		})
	}, "map uid 1: ", nil},
	{"places exchanged", func(x *store) {
		x.changeMap(func(t *mailindex.Transaction, entries []mapped) {
			t.SetExt(placeExt, entries[0].uid, entries[1].at.bytes())
			t.SetExt(placeExt, entries[1].uid, entries[0].at.bytes())
		})
	}, "its GUID is", nil},
	{"no place", func(x *store) {
		x.changeMap(func(t *mailindex.Transaction, entries []mapped) { t.SetExt(placeExt, entries[0].uid, make([]byte, 12)) })
	}, "has no place", nil},
	{"message not in the map", func(x *store) {
		x.changeMap(func(t *mailindex.Transaction, entries []mapped) {
			t.Expunge(mailindex.Expunge{UID: entries[0].uid})
		})
	}, "is not in the map", nil},
	{"writer of the map died", func(x *store) {
		x.changeMap(func(t *mailindex.Transaction, entries []mapped) {
			t.Unsynced = true
			t.Increment(refExt, entries[0].uid, -1)
		})
	}, "a writer has died", nil},
	{"mailbox of another map", func(x *store) {
		x.changeBox("Other", func(t *mailindex.Transaction) {
			t.SetExtHeader(boxExt, 0, binary.LittleEndian.AppendUint32(nil, 77))
		})
	}, "it refers to map 77", nil},
	{"GUIDs of a mailbox wrong", func(x *store) {
		x.changeBox("Other", func(t *mailindex.Transaction) { t.SetExt(guidExt, 2, []byte("another guid....")) })
	}, "GUID", nil},
	{"map uid wrong", func(x *store) {
		x.changeBox("Other", func(t *mailindex.Transaction) { t.SetExt(mdboxExt, 1, mailRecord{mapUID: 999}.bytes()) })
	}, "map uid 999", nil},
	{"body changed", func(x *store) {
		x.edit(func(b []byte) []byte {
			at := strings.Index(string(b), "\nb\n")
			if at < 0 {
				at = strings.Index(string(b), "b\x01\x03") - 1
			}
			b[at+1] = 'B'
			return b
		}, "storage", "m.2")
	}, "checksum", []string{
		`INBOX 1 "a" \Seen [k]`, `INBOX 2 "B" \Seen [k]`, `INBOX 4 "alt" \Seen [k] alt`, `Other 1 "c"`, `Other 2 "a" \Seen [k]`}},
	{"file cut off", func(x *store) {
		x.edit(func(b []byte) []byte { return b[:len(b)-3] }, "storage", "m.2")
	}, "ends", nil},
	{"garbage at the end", func(x *store) {
		x.edit(func(b []byte) []byte { return append(b, "garbage"...) }, "storage", "m.2")
	}, "does not know 7 bytes", nil},
	{"file header lost", func(x *store) {
		x.edit(func(b []byte) []byte { return b[16:] }, "storage", "m.2")
	}, "", nil},
	{"mailbox half deleted", func(x *store) {
		x.changeBox("Other", func(t *mailindex.Transaction) { t.MarkDeleted() })
	}, "deleted", whole[:3]},
}

func TestDamages(t *testing.T) {
	for _, d := range damages {
		for _, version := range []int{2, 3} {
			if d.name == "body changed" && version == 2 {
				continue // has no checksum
			}
			t.Run(fmt.Sprintf("%s v%d", d.name, version), func(t *testing.T) {
				x := sample(t, version)
				require.NoError(t, x.Store.Close())
				other := reopen(x)
				d.do(other)
				require.NoError(t, other.Close())
				x.Store = reopen(x).Store
				require.Contains(t, strings.Join(x.problems(), "\n"), d.finds)
				require.NotEmpty(t, x.problems())
				report, err := x.Rebuild(ctx)
				require.NoError(t, err)
				want := d.after
				if want == nil {
					want = whole
				}
				require.Equal(t, want, x.all(), "%v", report.Notes)
				require.Empty(t, x.problems())
				require.Contains(t, x.all()[0], "INBOX")
				save(t, x.box("INBOX"), mailstore.SaveOptions{}, "new")
				_, err = x.Purge(ctx)
				require.NoError(t, err)
				require.Len(t, x.all(), len(want)+1)
			})
		}
	}
}

// reopen opens the store once more.
func reopen(x *store) *store {
	s, err := Open(ctx, x.opts)
	require.NoError(x.t, err)
	return &store{s, x.t}
}

// Whoever comes after a writer of the map that has died raises the counts that it
// has left too low.
func TestReconcile(t *testing.T) {
	x := sample(t, 3)
	for _, d := range damages {
		if d.name == "writer of the map died" {
			d.do(x)
		}
	}
	require.NotEmpty(t, x.problems())
	save(t, x.box("INBOX"), mailstore.SaveOptions{}, "next")
	require.Empty(t, x.problems())
}

// Messages that are not where the map says are still known to be expunged, when
// no log says so any more.
func TestExpungedAndMoved(t *testing.T) {
	x := sample(t, 3)
	index, err := x.acquire(ctx, "INBOX")
	require.NoError(t, err)
	locked, err := index.Lock(ctx)
	require.NoError(t, err)
	require.NoError(t, locked.Rewrite(ctx))
	require.NoError(t, locked.Rotate(ctx))
	require.NoError(t, locked.Unlock())
	require.NoError(t, x.boxes.release(index))
	x.remove("mailboxes", "INBOX", "dbox-Mails", "dovecot.index.log.2")
	x.edit(func(b []byte) []byte { return b[16:] }, "storage", "m.2")
	_, err = x.Rebuild(ctx)
	require.NoError(t, err)
	require.Equal(t, whole, x.all())
}
