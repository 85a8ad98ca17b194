package fault_test

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
	"github.com/stretchr/testify/require"
)

// gates are the ways to hold an operation back and to let it go.
var gates = map[string]func(fault.Rule) (fault.Rule, func(*fault.Fault)){
	"hold": func(r fault.Rule) (fault.Rule, func(*fault.Fault)) {
		return r.Hold(), (*fault.Fault).Release
	},
	"remove": func(r fault.Rule) (fault.Rule, func(*fault.Fault)) {
		return r.Hold(), (*fault.Fault).Remove
	},
	"until": func(r fault.Rule) (fault.Rule, func(*fault.Fault)) {
		c := make(chan struct{})
		return r.DelayUntil(c), func(*fault.Fault) { close(c) }
	},
}

func TestHeldUntilReleased(t *testing.T) {
	for name, gate := range gates {
		t.Run(name, func(t *testing.T) {
			b := wrapped(t)
			path, _ := file(t, b, "x")
			rule, release := gate(fault.Rule{Kinds: fault.Kinds(backend.OpUnlink)})
			f := b.Add(rule)
			unlink, other := &backend.Op{Kind: backend.OpUnlink, Path: path}, &backend.Op{Kind: backend.OpStat, Path: path}
			submit(t, b, unlink)
			<-f.Reached()
			run(t, b, other) // others overtake it
			require.NoError(t, other.Err)
			require.FileExists(t, path)
			release(f)
			f.Release() // once more is harmless
			require.Same(t, unlink, reap(t, b, 1)[0])
			require.NoError(t, unlink.Err)
			require.NoFileExists(t, path)
		})
	}
}

func TestDelay(t *testing.T) {
	b := wrapped(t)
	b.Add(fault.Rule{}.Delay(time.Microsecond).Fail(syscall.EIO))
	op := &backend.Op{Kind: backend.OpNop}
	run(t, b, op)
	require.ErrorIs(t, op.Err, syscall.EIO)
}

func TestCancelHeld(t *testing.T) {
	forever := func(r fault.Rule) (fault.Rule, func(*fault.Fault)) { return r.Delay(time.Hour), nil }
	for name, gate := range map[string]func(fault.Rule) (fault.Rule, func(*fault.Fault)){
		"hold": gates["hold"], "until": gates["until"], "delay": forever,
	} {
		t.Run(name, func(t *testing.T) {
			b := wrapped(t)
			path, h := file(t, b, "x")
			rule, _ := gate(fault.Rule{Kinds: fault.Kinds(backend.OpUnlink)})
			f := b.Add(rule)
			ops := []*backend.Op{
				{Kind: backend.OpUnlink, Path: path, Link: true},
				{Kind: backend.OpClose, Handle: h, Link: true},
				{Kind: backend.OpUnlink, Path: path},
			}
			submit(t, b, ops...)
			<-f.Reached()
			b.Cancel(ops[0])
			b.Cancel(ops[0])
			reap(t, b, len(ops))
			require.ErrorIs(t, ops[0].Err, backend.ErrCanceled)
			require.NoError(t, ops[1].Err)
			require.ErrorIs(t, ops[2].Err, backend.ErrCanceled)
			require.FileExists(t, path)
		})
	}
}

// TestCancelHeldClose: a close must happen, it only stops waiting.
func TestCancelHeldClose(t *testing.T) {
	b := wrapped(t)
	_, h := file(t, b, "x")
	f := b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpClose)}.Hold())
	op := &backend.Op{Kind: backend.OpClose, Handle: h}
	submit(t, b, op)
	<-f.Reached()
	b.Cancel(op)
	reap(t, b, 1)
	require.NoError(t, op.Err)
	require.False(t, h.IsOpen())
}

// TestCancelLaterMember: a member that is cancelled while an earlier one is
// held does not run.
func TestCancelLaterMember(t *testing.T) {
	b := wrapped(t)
	path, _ := file(t, b, "x")
	f := b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpNop)}.Hold())
	ops := []*backend.Op{{Kind: backend.OpNop, Link: true}, {Kind: backend.OpUnlink, Path: path}}
	submit(t, b, ops...)
	<-f.Reached()
	b.Cancel(ops[1])
	f.Release()
	reap(t, b, 2)
	require.NoError(t, ops[0].Err)
	require.ErrorIs(t, ops[1].Err, backend.ErrCanceled)
	require.FileExists(t, path)
}

// TestCloseReleases: Close lets everything run that is held or delayed.
func TestCloseReleases(t *testing.T) {
	b := fault.Wrap(backend.NewSync(0))
	dir := t.TempDir()
	for _, r := range []fault.Rule{fault.Rule{}.Hold(), fault.Rule{}.Delay(time.Hour), fault.Rule{}.DelayUntil(make(chan struct{}))} {
		b.Add(r)
	}
	var ops []*backend.Op
	for _, name := range []string{"a", "b", "c", "d"} {
		ops = append(ops, &backend.Op{Kind: backend.OpMkdir, Path: dir + "/" + name, Mode: 0o700})
	}
	submit(t, b, ops...)
	require.NoError(t, b.Close())
	reap(t, b, len(ops))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 4)
	_, err = b.Reap(make([]*backend.Op, 1))
	require.ErrorIs(t, err, backend.ErrClosed)
}

// TestHeldCountAsInFlight: what is held takes room.
func TestHeldCountAsInFlight(t *testing.T) {
	b := fault.Wrap(backend.NewSync(backend.MaxChain))
	defer b.Close()
	f := b.Add(fault.Rule{Times: fault.Always}.Hold())
	ops := make([]*backend.Op, 2*backend.MaxChain)
	for i := range ops {
		ops[i] = &backend.Op{Kind: backend.OpNop}
	}
	for _, want := range []int{backend.MaxChain, 0} {
		started, _, err := b.Submit(ops, nil)
		require.NoError(t, err)
		require.Equal(t, want, started)
	}
	f.Release()
	reap(t, b, backend.MaxChain)
	submit(t, b, ops[backend.MaxChain:]...)
	reap(t, b, backend.MaxChain)
	require.Equal(t, len(ops), b.Operations(), "operations that were not taken are not counted")
}
