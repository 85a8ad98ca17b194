package mailindex

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	extMap  = Extension{"map", 8, 12, 4}
	extRef  = Extension{"ref", 0, 2, 2}
	extGUID = Extension{"guid", 0, 16, 1}
)

// first returns a transaction that sets up an index, with n messages.
func first(n int) *Transaction {
	t := &Transaction{}
	t.SetUIDValidity(1234)
	t.SetExtHeader(extMap, 0, []byte{9, 0, 0, 0})
	for i := range n {
		a := t.Append(0)
		a.SetExt(extMap, []byte{byte(i), 0, 0, 0, 1})
		a.SetExt(extRef, []byte{1, 0})
	}
	return t
}

// outline tells all that matters of a view.
func outline(t testing.TB, v *View) (lines []string) {
	lines = append(lines, fmt.Sprintf("validity %d next %d seen %d deleted %d", v.UIDValidity(), v.NextUID(), v.Header().Seen, v.Header().Deleted))
	for _, e := range v.Extensions() {
		lines = append(lines, fmt.Sprintf("%s %d %d %d: %x", e.Name, e.RecordSize, e.Align, e.HeaderSize, v.ExtHeader(e.Name)))
	}
	for _, m := range messages(t, v) {
		line := fmt.Sprintf("%d %s %v", m.UID, m.Flags, m.Keywords())
		for i, e := range v.Extensions() {
			if e.Name != keywordsName {
				data := make([]byte, e.RecordSize)
				copy(data, m.Ext(Field(i)))
				line += fmt.Sprintf(" %x", data)
			}
		}
		lines = append(lines, line)
	}
	requests, err := v.Requested(patient(t))
	require.NoError(t, err)
	return append(lines, fmt.Sprint(requests))
}

// body is outline without the extensions, whose keywords header is padded once
// it has been written.
func body(t testing.TB, v *View) []string {
	lines := outline(t, v)
	return append(lines[:1], lines[1+len(v.Extensions()):]...)
}

func TestCommit(t *testing.T) {
	fs := openFS(t, nil)
	dir := t.TempDir()
	_, err := Open(patient(t), fs, dir, "dovecot.index", Options{})
	require.ErrorIs(t, err, os.ErrNotExist)
	x := openIndex(t, fs, dir, "dovecot.index", Options{Create: true})
	require.Zero(t, viewOf(t, x).Count())
	tx := first(5)
	require.NoError(t, x.Commit(patient(t), tx))
	require.EqualValues(t, 5, tx.added[4].UID())
	old := viewOf(t, x)

	all := UIDRange{1, 1<<32 - 1}
	tx = &Transaction{}
	tx.SetFlags(UIDRange{2, 4}, Seen|Deleted, 0)
	tx.SetFlags(UIDRange{3, 3}, Answered, Deleted)
	tx.AddKeyword(all, "One")
	tx.AddKeyword(UIDRange{2, 3}, "two")
	tx.RemoveKeyword(UIDRange{3, 9}, "ONE")
	tx.ResetKeywords(UIDRange{1, 1})
	tx.Increment(extRef, 2, 7)
	tx.SetExt(extMap, 5, []byte{0xff})
	tx.SetExt(extGUID, 5, []byte("0123456789abcdef"))
	tx.SetExtHeader(extMap, 4, []byte{1})
	tx.Expunge(Expunge{UID: 1})
	tx.RequestExpunge(Expunge{UID: 2, GUID: [16]byte{1}})
	added := tx.Append(Draft, "two", "three")
	added.SetExt(extMap, []byte{0x42})
	require.NoError(t, x.Commit(patient(t), tx))
	require.EqualValues(t, 6, added.UID())

	want := []string{
		"validity 1234 next 7 seen 3 deleted 2",
		"map 12 4 8: 0900000001000000",
		"ref 2 2 0: ",
		"keywords 1 1 0: ",
		"guid 16 1 0: ",
		`2 \Deleted \Seen [two One] 010000000100000000000000 0800 ` + zeros,
		`3 \Answered \Seen [two] 020000000100000000000000 0100 ` + zeros,
		`4 \Deleted \Seen [] 030000000100000000000000 0100 ` + zeros,
		`5  [] ff0000000000000000000000 0100 30313233343536373839616263646566`,
		`6 \Draft [two three] 420000000000000000000000 0000 ` + zeros,
		"[{2 [1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0]}]",
	}
	require.Equal(t, want, outline(t, viewOf(t, x)))
	require.Equal(t, want, outline(t, viewOf(t, openIndex(t, fs, dir, "dovecot.index", Options{ReadOnly: true}))))
	require.Equal(t, 5, old.Count())
	m, err := old.Find(patient(t), 3)
	require.NoError(t, err)
	require.Zero(t, m.Flags, "an old view has changed")

	// The same, read from a main index.
	l, err := x.Lock(patient(t))
	require.NoError(t, err)
	require.NoError(t, l.Rewrite(patient(t)))
	require.NoError(t, l.Unlock())
	require.FileExists(t, filepath.Join(dir, "dovecot.index"))
	compact := append(want[:1:1], want[5:]...)
	require.Equal(t, compact, body(t, viewOf(t, x)))
	require.Equal(t, compact, body(t, viewOf(t, openIndex(t, fs, dir, "dovecot.index", Options{ReadOnly: true}))))
}

const zeros = "00000000000000000000000000000000"

func TestRefused(t *testing.T) {
	fs := openFS(t, nil)
	x := openIndex(t, fs, t.TempDir(), "dovecot.index", Options{Create: true})
	require.NoError(t, x.Commit(patient(t), first(2)))
	want := outline(t, viewOf(t, x))
	for name, change := range map[string]func(*Transaction){
		"sum too large":     func(tx *Transaction) { tx.Increment(extRef, 1, 65535) },
		"sum too small":     func(tx *Transaction) { tx.Increment(extRef, 1, -2) },
		"sum of 12 bytes":   func(tx *Transaction) { tx.Increment(extMap, 1, 1) },
		"uid taken":         func(tx *Transaction) { tx.AppendUID(2, 0) },
		"no keyword":        func(tx *Transaction) { tx.AddKeyword(UIDRange{1, 1}, "") },
		"NUL in a keyword":  func(tx *Transaction) { tx.Append(0, "a\x00b") },
		"uid 0":             func(tx *Transaction) { tx.SetFlags(UIDRange{0, 2}, Seen, 0) },
		"uids reversed":     func(tx *Transaction) { tx.SetFlags(UIDRange{2, 1}, Seen, 0) },
		"data too long":     func(tx *Transaction) { tx.SetExt(extRef, 1, make([]byte, 3)) },
		"header too long":   func(tx *Transaction) { tx.SetExtHeader(extMap, 5, make([]byte, 4)) },
		"no extension name": func(tx *Transaction) { tx.SetExt(Extension{"", 0, 4, 4}, 1, nil) },
		"alignment":         func(tx *Transaction) { tx.SetExt(Extension{"x", 0, 4, 3}, 1, nil) },
		"base header":       func(tx *Transaction) { tx.SetHeader(118, []byte{1, 2, 3}) },
	} {
		t.Run(name, func(t *testing.T) {
			tx, before := &Transaction{}, &Transaction{}
			added := before.Append(0)
			change(tx)
			err := x.Commit(patient(t), before, tx)
			require.ErrorIs(t, err, ErrTransaction)
			require.False(t, errors.Is(err, ErrCorrupt))
			require.Zero(t, added.UID())
			require.NoError(t, x.Refresh(patient(t)))
			require.Equal(t, want, outline(t, viewOf(t, x)))
		})
	}
	require.NoError(t, x.Commit(patient(t), &Transaction{}), "nothing to write")
}
