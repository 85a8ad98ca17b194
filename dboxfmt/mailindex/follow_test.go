package mailindex

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// eachEngine runs a test on the engine that Auto takes, and on one that never
// answers a read at once.
func eachEngine(t *testing.T, test func(t *testing.T, fs *fsapi.FS)) {
	t.Run("auto", func(t *testing.T) { test(t, openFS(t, nil)) })
	t.Run("plain", func(t *testing.T) { test(t, openFS(t, fault.Wrap(backend.NewSync(0)))) })
}

// What was not complete at the end of the log is read again when it is.
func TestFollowTheEnd(t *testing.T) {
	eachEngine(t, func(t *testing.T, fs *fsapi.FS) {
		x := openIndex(t, fs, sample(t, fs), "dovecot.index", Options{})
		good, err := os.ReadFile(x.files.log)
		require.NoError(t, err)
		record := AppendFlags(nil, true, Draft, 0, []UIDRange{{5, 5}})
		for _, tail := range [][]byte{make([]byte, 40), record[:10], nil} {
			require.NoError(t, os.WriteFile(x.files.log, append(good[:len(good):len(good)], tail...), 0o600))
			require.NoError(t, x.Refresh(patient(t)))
			m, err := viewOf(t, x).Find(patient(t), 5)
			require.NoError(t, err)
			require.Zero(t, m.Flags)
		}
		require.NoError(t, os.WriteFile(x.files.log, append(good[:len(good):len(good)], record...), 0o600))
		require.NoError(t, x.Refresh(patient(t)))
		m, err := viewOf(t, x).Find(patient(t), 5)
		require.NoError(t, err)
		require.Equal(t, Draft, m.Flags)

		// A writer that could not sync has taken it back.
		require.NoError(t, os.WriteFile(x.files.log, good, 0o600))
		require.NoError(t, x.Refresh(patient(t)))
		m, err = viewOf(t, x).Find(patient(t), 5)
		require.NoError(t, err)
		require.Zero(t, m.Flags)
	})
}

// A log that is marked as corrupt later is noticed with the next record.
func TestMarkedLater(t *testing.T) {
	eachEngine(t, func(t *testing.T, fs *fsapi.FS) {
		x := openIndex(t, fs, sample(t, fs), "dovecot.index", Options{})
		edit(t, x.files.log, func(b []byte) []byte {
			return AppendFlags(put(4, 0)(b), true, Draft, 0, []UIDRange{{5, 5}})
		})
		require.ErrorIs(t, x.Refresh(patient(t)), ErrMarked)
		require.Equal(t, 5, viewOf(t, x).Count())
		require.ErrorIs(t, x.Commit(patient(t), flagged(1)), ErrMarked)
	})
}

// An index that others rotate, rewrite and begin anew is followed all the same.
func TestFollowOthers(t *testing.T) {
	eachEngine(t, func(t *testing.T, fs *fsapi.FS) {
		dir := sample(t, fs)
		x := openIndex(t, fs, dir, "dovecot.index", Options{})
		other := openIndex(t, fs, dir, "dovecot.index", Options{})
		l, err := other.Lock(patient(t))
		require.NoError(t, err)
		for range 3 {
			require.NoError(t, l.Append(patient(t), flagged(1)))
			for range 3 { // more than one log is missed
				require.NoError(t, l.Rotate(patient(t)))
			}
			require.NoError(t, l.Append(patient(t), flagged(2)))
			require.NoError(t, x.Refresh(patient(t)))
			require.Equal(t, body(t, viewOf(t, other)), body(t, viewOf(t, x)))
			tx := &Transaction{}
			tx.AppendUID(3, Seen)
			seq := other.log.header.Seq
			require.NoError(t, l.Reset(patient(t), tx))
			require.Greater(t, other.log.header.Seq, seq, "Dovecot refuses a sequence that it has seen")
			require.NoError(t, x.Refresh(patient(t)))
			require.Equal(t, 1, viewOf(t, x).Count())
			require.Equal(t, body(t, viewOf(t, other)), body(t, viewOf(t, x)))
		}
		require.NoError(t, l.Unlock())
	})
}

// TestRotationOrder: a log gets its second name, for good, before another takes
// its first; what is in the new one is durable before it has a name.
func TestRotationOrder(t *testing.T) {
	engine := fault.Wrap(backend.NewSync(0))
	fs := openFS(t, engine)
	dir := sample(t, fs)
	x := openIndex(t, fs, dir, "dovecot.index", Options{})
	l, err := x.Lock(patient(t))
	require.NoError(t, err)
	log := engine.Record()
	require.NoError(t, l.Rotate(patient(t)))
	require.NoError(t, l.Unlock())
	var steps []string
	for _, e := range log.Events() {
		if e.Err == nil {
			steps = append(steps, strings.ReplaceAll(e.Kind.String()+" "+e.Path+" "+e.NewPath, dir, ""))
		}
	}
	at := 0
	for _, want := range []string{
		"rename .log.newlock", "fsync ", "unlink .log.2", "link .log .log.2", "fsync ", "rename .log.newlock .log", "fsync ",
		"link  .backup.tmp", "rename .backup.tmp .backup", "fsync ", "rename ",
	} {
		i := slices.IndexFunc(steps[at:], func(s string) bool {
			for _, word := range strings.Fields(want) {
				if !strings.Contains(s, word) {
					return false
				}
			}
			return true
		})
		require.NotEqual(t, -1, i, "no %q after %v in\n%s", want, at, strings.Join(steps, "\n"))
		at += i + 1
	}
}

// A rotation after which the main index was not written, because of a crash,
// leaves it in need of the second log; the next one does not take that away.
func TestRotateTwice(t *testing.T) {
	fs := openFS(t, nil)
	x := openIndex(t, fs, sample(t, fs), "dovecot.index", Options{})
	l, err := x.Lock(patient(t))
	require.NoError(t, err)
	for uid := range uint32(3) {
		require.NoError(t, l.Append(patient(t), flagged(1+uid)))
		require.NoError(t, l.rotate(patient(t)))
	}
	require.NoError(t, l.Unlock())
	require.Equal(t, body(t, viewOf(t, x)), body(t, viewOf(t, openIndex(t, fs, x.files.dir, "dovecot.index", Options{}))))
}

// What is not done in storage yet is told across rotations and main indexes.
func TestUndone(t *testing.T) {
	fs := openFS(t, nil)
	x := openIndex(t, fs, sample(t, fs), "dovecot.index", Options{Limits: Limits{RotateMaxSize: 1}})
	tx := &Transaction{}
	want := []Expunge{{UID: 2}, {UID: 4, GUID: [16]byte{7}}}
	for _, e := range want {
		tx.RequestExpunge(e)
	}
	require.NoError(t, x.Commit(patient(t), tx))
	check := func(want []Expunge) {
		t.Helper()
		for _, y := range []*Index{x, openIndex(t, fs, x.files.dir, "dovecot.index", Options{})} {
			require.NoError(t, y.Refresh(patient(t)))
			got, err := viewOf(t, y).Requested(patient(t))
			require.NoError(t, err)
			require.Equal(t, want, got)
			head, tail := viewOf(t, y).Log()
			require.Equal(t, len(want) == 0, head == tail)
		}
	}
	check(want)
	l, err := x.Lock(patient(t))
	require.NoError(t, err)
	require.NoError(t, l.Rewrite(patient(t)))
	check(want)
	edit(t, x.files.log, more(0, 0, 0, 0)) // so that it has to be rotated
	require.NoError(t, l.Append(patient(t), flagged(1)))
	check(want)
	require.NoError(t, l.Rewrite(patient(t)))
	check(want)
	require.NoError(t, l.Rotate(patient(t)), "nothing happens")
	check(want)
	tx = &Transaction{}
	tx.Expunge(Expunge{UID: 2})
	require.NoError(t, l.Append(patient(t), tx))
	check(want[1:])
	require.NoError(t, l.Done(patient(t)))
	check(nil)
	require.NoError(t, l.Rotate(patient(t)))
	check(nil)
	require.NoError(t, l.Unlock())

	// The same for changes of a map.
	tx = &Transaction{Unsynced: true}
	tx.SetFlags(UIDRange{1, 1}, Seen, 0)
	require.NoError(t, x.Commit(patient(t), tx))
	edit(t, x.files.log, more(0, 0, 0, 0))
	require.NoError(t, x.Commit(patient(t), flagged(1)))
	for _, y := range []*Index{x, openIndex(t, fs, x.files.dir, "dovecot.index", Options{})} {
		head, tail := viewOf(t, y).Log()
		require.Less(t, tail.Offset, head.Offset)
	}
}
