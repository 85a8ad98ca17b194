package mailindex

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// script is what a writer does; after every step that it reports as done, the
// index must have it.
func script(x *Index, done func()) error {
	ctx := context.Background()
	step := func(err error) error {
		if err == nil {
			done()
		}
		return err
	}
	for i := range 3 {
		tx := &Transaction{}
		tx.SetUIDValidity(5)
		tx.Append(0, fmt.Sprint("kw", i)).SetExt(extRef, []byte{1, 0})
		if err := step(x.Commit(ctx, tx)); err != nil {
			return err
		}
	}
	l, err := x.Lock(ctx)
	if err != nil {
		return err
	}
	defer l.Unlock()
	steps := []func() error{
		func() error { return l.Rewrite(ctx) },
		func() error { return l.Rotate(ctx) },
		func() error { return l.Append(ctx, flagged(1)) },
		func() error { return l.Rotate(ctx) },
		func() error { return l.Append(ctx, flagged(2)) },
	}
	for _, s := range steps {
		if err := step(s()); err != nil {
			return err
		}
	}
	return nil
}

func flagged(uid uint32) *Transaction {
	tx := &Transaction{}
	tx.SetFlags(UIDRange{uid, uid}, Flagged, 0)
	return tx
}

// states returns what the index says after each step of the script.
func states(t *testing.T) (list [][]string) {
	fs := openFS(t, nil)
	x := openIndex(t, fs, t.TempDir(), "dovecot.index", Options{Create: true})
	add := func() {
		v, err := x.View(patient(t))
		require.NoError(t, err)
		list = append(list, body(t, v))
	}
	add()
	require.NoError(t, script(x, add))
	return list
}

// dead are rules for a machine that stops: from some operation on, nothing
// happens any more. Closing is not an operation of the machine.
func dead(op *backend.Op, _ string) bool { return op.Kind != backend.OpClose }

// TestCrashes stops a writer at every operation, and lets one operation fail
// after another. What is there afterwards is what the last step that was done has
// left, or, if it is the one that failed, what it would have left; and the index
// can be written to.
func TestCrashes(t *testing.T) {
	want := states(t)
	for name, times := range map[string]int{"stops": fault.Always, "fails once": 1} {
		for after := range 2 { // the operation has happened all the same
			t.Run(fmt.Sprint(name, " ", after), func(t *testing.T) {
				hit := 0
				for at := 0; ; at++ {
					b := fault.Wrap(backend.NewSync(0))
					rule := fault.Rule{Match: dead, Skip: at, Times: times}.Fail(syscall.EIO)
					if after == 1 {
						rule = fault.Rule{Match: dead, Skip: at, Times: times}.FailAfter(syscall.EIO)
					}
					f := b.Add(rule)
					dir := t.TempDir()
					done := crash(t, b, dir)
					if f.Matched() <= at {
						require.Equal(t, len(want)-1, done)
						break
					}
					hit++
					recovers(t, dir, want, done, at)
				}
				require.Greater(t, hit, 50)
			})
		}
	}
}

// crash runs the script on b and returns how many steps were done.
func crash(t *testing.T, b backend.Backend, dir string) (done int) {
	fs, err := fsapi.New(fsapi.Options{Engine: b, Logger: quiet()})
	require.NoError(t, err)
	x, err := Open(patient(t), fs, dir, "dovecot.index", Options{Create: true, Logger: quiet()})
	if err == nil {
		err = script(x, func() { done++ })
		_ = x.Close()
	}
	if err != nil {
		require.ErrorIs(t, err, syscall.EIO)
		require.False(t, errors.Is(err, ErrCorrupt), "%v", err)
	}
	_ = fs.Close()
	return done
}

// recovers opens what a crash has left, with a good machine.
func recovers(t *testing.T, dir string, want [][]string, done, at int) {
	fs := openFS(t, nil)
	x := openIndex(t, fs, dir, "dovecot.index", Options{Create: true})
	got := body(t, viewOf(t, x))
	next := min(done+1, len(want)-1)
	require.True(t, slices.Equal(got, want[done]) || slices.Equal(got, want[next]),
		"operation %d, after step %d:\n%v\nwant\n%v\nor\n%v", at, done, strings.Join(got, "\n"), strings.Join(want[done], "\n"), strings.Join(want[next], "\n"))
	// What the dead have left is not waited for for ever.
	if info, err := os.Stat(x.files.newLock); err == nil {
		old := info.ModTime().Add(-2 * staleAfter)
		require.NoError(t, os.Chtimes(x.files.newLock, old, old))
	}
	count := viewOf(t, x).Count()
	tx := &Transaction{}
	tx.Append(0)
	require.NoError(t, x.Commit(patient(t), tx))
	again := openIndex(t, fs, dir, "dovecot.index", Options{})
	require.Equal(t, count+1, viewOf(t, again).Count())
}
