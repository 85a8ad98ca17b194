package mdbox

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

func (x *store) files() (names []string) {
	entries, err := os.ReadDir(x.layout.storage)
	require.NoError(x.t, err)
	for _, e := range entries {
		if _, ok := parseMessageFile(e.Name()); ok {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestParseMessageFile(t *testing.T) {
	for name, want := range map[string]uint32{
		"m.1": 1, "m.4294967295": math.MaxUint32, "m.0": 0, "m.01": 0, "m.": 0, "m.1.broken": 0, "m.4294967296": 0, "u.1": 0, "m.-1": 0, "m.+1": 0,
	} {
		id, ok := parseMessageFile(name)
		require.Equal(t, want, id, name)
		require.Equal(t, want != 0, ok, name)
	}
}

func TestRotationBySize(t *testing.T) {
	x := newStore(t, Options{RotateSize: 1000})
	b := x.box("INBOX")
	for i := range 6 {
		save(t, b, mailstore.SaveOptions{}, strings.Repeat("x", 400)+fmt.Sprint(i))
	}
	require.Equal(t, []string{"m.1", "m.2", "m.3"}, x.files())
	save(t, b, mailstore.SaveOptions{}, strings.Repeat("x", 5000), "small")
	require.Equal(t, []string{"m.1", "m.2", "m.3", "m.4", "m.5"}, x.files())
	for _, name := range x.files() {
		info, err := os.Stat(filepath.Join(x.layout.storage, name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
}

func TestRotationByAge(t *testing.T) {
	now := time.Date(2026, 3, 4, 12, 30, 0, 0, time.UTC)
	x := newStore(t, Options{RotateInterval: 2 * time.Hour, Now: func() time.Time { return now }})
	b := x.box("INBOX")
	at := func(hour, minute int, files int) {
		now = time.Date(2026, 3, 4, hour, minute, 0, 0, time.UTC)
		save(t, b, mailstore.SaveOptions{}, "x")
		require.Len(t, x.files(), files, "%d:%d", hour, minute)
	}
	at(12, 30, 1)
	at(13, 29, 1)
	at(13, 59, 1)
	at(14, 0, 2) // since 13:00 only
	at(15, 59, 3-1)
}

func TestRotateOptions(t *testing.T) {
	now := func() time.Time { return time.Date(2026, 3, 4, 12, 34, 56, 0, time.UTC) }
	for interval, want := range map[time.Duration]time.Time{
		0:                  time.Unix(0, 0),
		2 * time.Minute:    time.Date(2026, 3, 4, 12, 33, 0, 0, time.UTC),
		90 * time.Minute:   time.Date(2026, 3, 4, 11, 30, 0, 0, time.UTC),
		7 * 24 * time.Hour: time.Date(2026, 2, 26, 0, 0, 0, 0, time.UTC),
	} {
		require.Equal(t, want.Unix(), Options{RotateInterval: interval, Now: now}.oldest(), interval)
	}
}

// A file that somebody else is writing to is passed over, and taken again later.
func TestLockedFileIsPassedOver(t *testing.T) {
	x := newStore(t, Options{})
	b := x.box("INBOX")
	save(t, b, mailstore.SaveOptions{}, "1")
	other, err := Open(ctx, x.opts)
	require.NoError(t, err)
	defer other.Close()
	ob, err := other.Open(ctx, "INBOX")
	require.NoError(t, err)
	defer ob.Close()

	tx := b.Begin()
	large := strings.Repeat("2", maxStaged+1)
	require.NoError(t, tx.Save(ctx, strings.NewReader(large), mailstore.SaveOptions{}))
	save(t, ob, mailstore.SaveOptions{}, "3")
	require.Equal(t, []string{"m.1", "m.2"}, x.files())
	_, err = tx.Commit(ctx)
	require.NoError(t, err)
	save(t, ob, mailstore.SaveOptions{}, "4")
	require.Equal(t, []string{"m.1", "m.2"}, x.files())
	require.Equal(t, []string{`1 "1"`, `2 "3"`, fmt.Sprintf("3 %q", large), `4 "4"`}, contents(t, b))
}

// Files of another version are read, and not appended to.
func TestMixedVersions(t *testing.T) {
	x := newStore(t, Options{Version: 2})
	save(t, x.box("INBOX"), mailstore.SaveOptions{}, "1", "2")
	o := x.opts
	o.Version = 3
	newer := newStore(t, o)
	b := newer.box("INBOX")
	save(t, b, mailstore.SaveOptions{}, "3")
	require.Equal(t, []string{"m.1", "m.2"}, x.files())
	require.NoError(t, b.Expunge(ctx, []uint32{1}))
	report, err := newer.Purge(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, report.Messages)
	require.Equal(t, []string{"m.2"}, x.files())
	require.Equal(t, []string{`2 "2"`, `3 "3"`}, contents(t, x.box("INBOX")))
}

// Many at the same time, in two mailboxes: everybody gets uids of his own, and
// not one file each.
func TestManyTransactions(t *testing.T) {
	onEngines(t, func(t *testing.T, fsys *fsapi.FS) {
		x := newStore(t, Options{FS: fsys})
		boxes := []mailstore.Mailbox{x.box("INBOX"), x.create("Other")}
		var done sync.WaitGroup
		for i := range 16 {
			done.Go(func() {
				for n := range 8 {
					save(t, boxes[n%2], mailstore.SaveOptions{}, fmt.Sprintf("%d %d a", i, n), fmt.Sprintf("%d %d b", i, n))
				}
			})
		}
		done.Wait()
		seen := map[string]bool{}
		for _, b := range boxes {
			list := contents(t, b)
			require.Len(t, list, 16*8)
			for _, line := range list {
				_, body, _ := strings.Cut(line, " ")
				seen[body] = true
			}
		}
		require.Len(t, seen, 2*16*8)
		require.Len(t, x.files(), 1)
	})
}
