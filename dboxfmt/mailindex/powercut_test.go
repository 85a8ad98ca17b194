package mailindex

import (
	"context"
	"math/rand"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend/simdisk"
)

// TestPowerCut: a writer's machine loses power at some operation. On every disk
// that may be left the index opens, and has the transactions that were reported
// as done; the one under way it has whole or not at all; and it can be written
// to.
func TestPowerCut(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	const every = 3
	for script := range int64(2) {
		at := 1 + rand.New(rand.NewSource(seed)).Intn(every)
		for ; ; at += every {
			disk := simdisk.New(simdisk.Options{Seed: seed + script, Dirs: []string{"/m"}, Ordered: true})
			disk.CutAt(at)
			w := &cutWriter{t: t, rng: rand.New(rand.NewSource(seed + script)), model: &model{next: 1}}
			failed := w.work(disk)
			for survivor := range int64(4) {
				w.check(disk.AfterCrash(survivor), "script %d of seed %d, cut at operation %d, survivor %d: %v", script, seed, at, survivor, failed)
			}
			if !disk.Dead() {
				require.NoError(t, failed)
				break
			}
		}
		t.Logf("%d operations", at)
		require.Greater(t, at, 100)
	}
}

// cutWriter commits what chance wants, until it fails.
type cutWriter struct {
	t            *testing.T
	rng          *rand.Rand
	model        *model
	before, next []string // the index before and after the transaction under way
}

func openOn(disk *simdisk.Disk, later time.Duration) (*Index, *fsapi.FS, error) {
	fs, err := fsapi.New(fsapi.Options{Engine: disk, Logger: quiet()})
	if err != nil {
		return nil, nil, err
	}
	x, err := Open(context.Background(), fs, "/m", "dovecot.index", Options{
		Create: true, Logger: quiet(), Now: func() time.Time { return time.Now().Add(later) },
		Limits: Limits{RotateMinSize: 1000, RotateMaxSize: 2000, RotateMinAge: time.Nanosecond, RewriteMin: 500, RewriteMax: 700},
	})
	return x, fs, err
}

func (w *cutWriter) work(disk *simdisk.Disk) error {
	x, fs, err := openOn(disk, 0)
	defer fs.Close()
	if err != nil {
		return err
	}
	defer x.Close()
	for i := range 14 {
		tx := &Transaction{}
		if i == 0 {
			tx.SetUIDValidity(7)
		}
		if w.rng.Intn(2) == 0 || i == 0 {
			w.model.append(w.rng, tx, 1+w.rng.Intn(12))
		} else {
			for range 1 + w.rng.Intn(6) {
				w.model.change(w.rng, tx)
			}
		}
		w.next = w.model.lines()
		if err := x.Commit(context.Background(), tx); err != nil {
			return err
		}
		w.before = w.next
	}
	return nil
}

func (w *cutWriter) check(disk *simdisk.Disk, when string, args ...any) {
	say := append([]any{when}, args...)
	x, fs, err := openOn(disk, time.Hour) // what the dead have left is stale by now
	defer fs.Close()
	require.NoError(w.t, err, say...)
	defer x.Close()
	got := viewLines(w.t, viewOf(w.t, x))
	if !slices.Equal(got, w.next) {
		require.Equal(w.t, w.before, got, say...)
	}
	tx := &Transaction{}
	tx.Append(0).SetExt(extRef, []byte{1, 0})
	require.NoError(w.t, x.Commit(context.Background(), tx), say...)
	again, other, err := openOn(disk.Copy(), time.Hour)
	defer other.Close()
	require.NoError(w.t, err, say...)
	defer again.Close()
	after := viewLines(w.t, viewOf(w.t, again))
	require.Len(w.t, after, len(got)+1, say...)
	require.True(w.t, slices.Equal(after[:len(got)], got), say...)
}
