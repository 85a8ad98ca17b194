package mailindex

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
)

// sample returns a directory with an index of a few messages: a main index, its
// backup, two logs, and changes in the log that are not in the main index.
func sample(t testing.TB, fsys *fsapi.FS) string {
	dir := t.TempDir()
	x := openIndex(t, fsys, dir, "dovecot.index", Options{Create: true})
	require.NoError(t, x.Commit(patient(t), first(5)))
	l, err := x.Lock(patient(t))
	require.NoError(t, err)
	require.NoError(t, l.Rewrite(patient(t)))
	require.NoError(t, l.Rotate(patient(t)))
	tx := &Transaction{}
	tx.SetFlags(UIDRange{1, 3}, Seen, 0)
	tx.AddKeyword(UIDRange{2, 2}, "one")
	require.NoError(t, l.Append(patient(t), tx))
	require.NoError(t, l.Unlock())
	require.NoError(t, x.Close())
	return dir
}

// edit changes a file in place.
func edit(t testing.TB, path string, change func(b []byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, change(data), 0o600))
}

func put(offset int, v uint32) func([]byte) []byte {
	return func(b []byte) []byte {
		binary.LittleEndian.PutUint32(b[offset:], v)
		return b
	}
}

func cut(n int) func([]byte) []byte { return func(b []byte) []byte { return b[:len(b)-n] } }

func more(b ...byte) func([]byte) []byte { return func(d []byte) []byte { return append(d, b...) } }

func record(kind Kind, payload ...uint32) func([]byte) []byte {
	return func(d []byte) []byte {
		return appendRecord(d, kind, true, func(b []byte) []byte { return le32(b, payload...) })
	}
}

// TestDamage is a table of what can be wrong with the files. Damage to the main
// index is mended by the backup; damage to the log is told.
func TestDamage(t *testing.T) {
	const main, log, log2 = "", ".log", ".log.2"
	cases := []struct {
		name   string
		file   string // its suffix
		change func([]byte) []byte
		want   error // nil: all is there
		count  int   // messages that are found
	}{
		{"nothing", main, more(), nil, 5},
		{"main: major", main, func(b []byte) []byte { b[0] = 6; return b }, nil, 5},
		{"main: foreign", main, func(b []byte) []byte { b[12] = 0; return b }, nil, 5},
		{"main: index id", main, put(16, 0), nil, 5},
		{"main: marked", main, put(20, 1), nil, 5},
		{"main: empty", main, func([]byte) []byte { return nil }, nil, 5},
		{"main: cut", main, cut(1), nil, 5},
		{"main: header size", main, put(4, 1<<30), nil, 5},
		{"main: base header size", main, func(b []byte) []byte { b[2], b[3] = 255, 255; return b }, nil, 5},
		{"main: record size", main, put(8, 1<<31), nil, 5},
		{"main: record size 4", main, put(8, 4), nil, 5},
		{"main: messages", main, put(32, 1<<31), nil, 5},
		{"main: next uid", main, put(28, 3), nil, 5},
		{"main: seen", main, put(40, 6), nil, 5},
		{"main: extension size", main, put(120, 1<<31), nil, 5},
		{"main: extension field", main, func(b []byte) []byte { b[128] = 200; return b }, nil, 5},
		{"main: extension name", main, func(b []byte) []byte { b[134] = 0; return b }, nil, 5},
		{"main: other index", main, put(16, 77), nil, 5},
		{"main: from the future", main, put(60, 9), nil, 5},
		{"log: torn record", log, cut(4), nil, 5},
		{"log: torn boundary", log, cut(40), nil, 5},
		{"log: not written", log, more(0, 0, 0, 0, 4, 0, 0, 0), nil, 5},
		{"log: garbage", log, more(1, 2, 3), nil, 5},
		{"log: small record", log, more(0x80, 0x80, 0x80, 0x81, 4, 0, 0, 0), ErrCorrupt, 5},
		{"log: huge record", log, more(0xff, 0xff, 0xff, 0xff, 4, 0, 0, 0), ErrCorrupt, 5},
		{"log: unknown kind", log, record(0x3), ErrCorrupt, 5},
		{"log: huge boundary", log, record(KindBoundary, 1<<31), ErrCorrupt, 5},
		{"log: small boundary", log, record(KindBoundary, 4), ErrCorrupt, 5},
		{"log: uid again", log, record(KindAppend, 3, 0), ErrCorrupt, 5},
		{"log: half an append", log, record(KindAppend, 9), ErrCorrupt, 5},
		{"log: uids reversed", log, record(KindFlags, 3, 2, 8), ErrCorrupt, 5},
		{"log: no extension", log, record(KindExtRecord, 1, 2), ErrCorrupt, 5},
		{"log: extension 99", log, record(KindExtIntro, 99, 0, 0, 0, 0), ErrCorrupt, 5},
		{"log: extension of 4 GiB", log, record(KindExtIntro, 0, 0, 1<<32-1, 0, 0), ErrCorrupt, 5},
		{"log: record of 64 KiB", log, record(KindExtIntro, 0, 0, 0, 1<<16|65535, 0), ErrCorrupt, 5},
		{"log: header overrun", log, record(KindHeader, 119|8<<16, 0, 0), ErrCorrupt, 5},
		{"log: keyword overrun", log, record(KindKeyword, 0|9<<16, 0), ErrCorrupt, 5},
		{"log: major", log, func(b []byte) []byte { b[0] = 2; return b }, ErrForeign, 5},
		{"log: foreign", log, func(b []byte) []byte { b[32] = 0; return b }, ErrForeign, 5},
		{"log: marked", log, put(4, 0), ErrMarked, 5},
		{"log: index id", log, put(4, 77), ErrGap, 5},
		{"log: cut in the header", log, func(b []byte) []byte { return b[:30] }, ErrCorrupt, 5},
		{"log: empty", log, func([]byte) []byte { return nil }, ErrCorrupt, 5},
		{"log: gap", log, func(b []byte) []byte { return put(12, 8)(put(8, 9)(b)) }, ErrGap, 5},
		{"log 2: gone", log2, func([]byte) []byte { return nil }, nil, 5},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			fsys := openFS(t, nil)
			dir := sample(t, fsys)
			path := filepath.Join(dir, "dovecot.index")
			edit(t, path+c.file, c.change)
			x, err := Open(patient(t), fsys, dir, "dovecot.index", Options{Logger: quiet()})
			require.ErrorIs(t, err, c.want)
			if c.want == nil {
				require.NoError(t, err)
			} else {
				var f *FormatError
				require.ErrorAs(t, err, &f)
				require.Contains(t, f.File, path)
			}
			v := viewOf(t, x)
			require.Equal(t, c.count, v.Count())
			mend(t, x, c.want)
			require.NoError(t, x.Close())
		})
	}
}

// mend writes to an index, after a reset if it is damaged, and reads it again.
func mend(t *testing.T, x *Index, damage error) {
	tx := &Transaction{}
	if damage != nil {
		require.ErrorIs(t, x.Commit(patient(t), tx), ErrCorrupt, "a damaged index was written to")
		l, err := x.LockDamaged(patient(t))
		require.NoError(t, err)
		require.ErrorIs(t, l.Append(patient(t), tx), ErrCorrupt)
		tx.SetUIDValidity(99)
		for m, err := range viewOf(t, x).All(patient(t), 1, 99) {
			require.NoError(t, err)
			tx.AppendUID(m.UID, m.Flags, m.Keywords()...)
		}
		require.NoError(t, l.Reset(patient(t), tx))
		require.NoError(t, l.Unlock())
		tx = &Transaction{}
	}
	count := viewOf(t, x).Count()
	tx.Append(Flagged)
	require.NoError(t, x.Commit(patient(t), tx))
	require.Equal(t, count+1, viewOf(t, x).Count())
	again := openIndex(t, x.files.fs, x.files.dir, "dovecot.index", Options{ReadOnly: true})
	require.Equal(t, body(t, viewOf(t, x)), body(t, viewOf(t, again)))
}

// Without the files that could stand in for it, damage to the main index is told.
func TestNothingStandsIn(t *testing.T) {
	fsys := openFS(t, nil)
	dir := sample(t, fsys)
	path := filepath.Join(dir, "dovecot.index")
	edit(t, path, cut(1))
	require.NoError(t, os.Remove(path+".backup"))
	require.NoError(t, os.Remove(path+".log.2"))
	x, err := Open(patient(t), fsys, dir, "dovecot.index", Options{})
	require.ErrorIs(t, err, ErrCorrupt)
	require.Zero(t, viewOf(t, x).Count())
	mend(t, x, err)
	require.NoError(t, x.Close())
}

// TestPagesAreChecked: damage in the middle of a large main index is found by
// whoever gets there.
func TestPagesAreChecked(t *testing.T) {
	fsys := openFS(t, nil)
	dir := t.TempDir()
	x := openIndex(t, fsys, dir, "dovecot.index", Options{Create: true})
	tx := &Transaction{}
	for range 20000 {
		tx.Append(0)
	}
	require.NoError(t, x.Commit(patient(t), tx))
	edit(t, x.files.path, func(b []byte) []byte { return put(len(b)/2/8*8, 3)(b) })
	x = openIndex(t, fsys, dir, "dovecot.index", Options{})
	v := viewOf(t, x)
	_, err := v.Find(patient(t), 1)
	require.NoError(t, err)
	_, err = v.Find(patient(t), 10000)
	require.ErrorIs(t, err, ErrCorrupt)
}

// The log alone is enough where it begins with the index.
func TestLogAlone(t *testing.T) {
	fsys := openFS(t, nil)
	dir := t.TempDir()
	x := openIndex(t, fsys, dir, "dovecot.index", Options{Create: true})
	require.NoError(t, x.Commit(patient(t), first(3)))
	want := outline(t, viewOf(t, x))
	require.NoError(t, os.WriteFile(x.files.path, []byte("no index at all"), 0o600))
	x = openIndex(t, fsys, dir, "dovecot.index", Options{})
	require.Equal(t, want, outline(t, viewOf(t, x)))
}

// A main index without a log goes on in a new one.
func TestMainAlone(t *testing.T) {
	fsys := openFS(t, nil)
	dir := sample(t, fsys)
	for _, name := range []string{".log", ".log.2"} {
		require.NoError(t, os.Remove(filepath.Join(dir, "dovecot.index"+name)))
	}
	x := openIndex(t, fsys, dir, "dovecot.index", Options{})
	require.Equal(t, 5, viewOf(t, x).Count())
	mend(t, x, nil)
}

func TestDeleted(t *testing.T) {
	fsys := openFS(t, nil)
	dir := sample(t, fsys)
	x := openIndex(t, fsys, dir, "dovecot.index", Options{})
	other := openIndex(t, fsys, dir, "dovecot.index", Options{Create: true})
	tx := &Transaction{}
	tx.MarkDeleted()
	require.NoError(t, x.Commit(patient(t), tx))
	require.ErrorIs(t, other.Refresh(patient(t)), ErrGone)
	require.ErrorIs(t, other.Commit(patient(t), &Transaction{}), ErrGone)

	dir = sample(t, fsys)
	x = openIndex(t, fsys, dir, "dovecot.index", Options{Create: true})
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		require.NoError(t, os.Remove(filepath.Join(dir, e.Name())))
	}
	for range 2 {
		require.ErrorIs(t, x.Refresh(patient(t)), ErrGone)
		err = x.Commit(patient(t), first(1))
		require.ErrorIs(t, err, ErrGone)
		require.True(t, errors.Is(err, fs.ErrNotExist))
	}
	require.NoFileExists(t, x.files.log, "a deleted index came back")
}
