package backendtest

import (
	"sync"
	"sync/atomic"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/stretchr/testify/require"
)

var closeCases = []testCase{
	{"drains", testCloseDrains},
	{"idle", testCloseIdle},
	{"wakes-reap", testCloseWakesReap},
	{"meanwhile", testCloseMeanwhile},
}

// testCloseDrains: what was in flight finishes, and its results can be reaped
// after Close, which does not wait for that.
func testCloseDrains(r *rig) {
	data := pattern(1, 50_000)
	path := r.create("f", data)
	for range 10 {
		r := r.with(30)
		var ops []*backend.Op
		for range 10 {
			ops = append(ops, openReadClose(path, len(data))...)
		}
		out := newOutstanding(r, ops)
		started, _, err := r.b.Submit(ops, nil)
		require.NoError(r, err)
		out.start(ops, started)
		require.NoError(r, r.b.Close())
		requireClosed(r)
		out.drain()
		requireClosed(r)
		n, err := r.b.Reap(make([]*backend.Op, 4))
		require.Zero(r, n)
		require.ErrorIs(r, err, backend.ErrClosed)
		for _, op := range ops[:started] {
			require.NoError(r, op.Err)
			require.False(r, op.Handle.IsOpen())
			if op.Kind == backend.OpRead {
				requireSameBytes(r, data, transferred(op))
			}
		}
	}
}

// requireClosed: Submit takes nothing and leaves the operation alone.
func requireClosed(r *rig) {
	r.Helper()
	op := &backend.Op{Kind: backend.OpMkdir, Path: r.path("after-close"), Mode: 0o755}
	before := snapshots([]*backend.Op{op})
	started, _, err := r.b.Submit([]*backend.Op{op}, nil)
	require.ErrorIs(r, err, backend.ErrClosed)
	require.Zero(r, started)
	require.NoError(r, op.Err)
	requireInputsUntouched(r, before, []*backend.Op{op})
	r.b.Cancel(op) // harmless
	require.NoError(r, r.b.Close(), "a second Close")
}

func testCloseIdle(r *rig) {
	require.NoError(r, r.b.Close())
	requireClosed(r)
	for range 2 {
		_, err := r.b.Reap(make([]*backend.Op, 1))
		require.ErrorIs(r, err, backend.ErrClosed)
	}
	check := r.with(8)
	require.Empty(r, check.names())
}

// testCloseWakesReap: whoever waits for completions hears of the end, in
// whatever order the two come.
func testCloseWakesReap(r *rig) {
	for range 20 {
		r := r.with(8)
		errs := make(chan error, 3)
		for range cap(errs) {
			go func() {
				n, err := r.b.Reap(make([]*backend.Op, 1))
				if n != 0 {
					err = nil
				}
				errs <- err
			}()
		}
		require.NoError(r, r.b.Close())
		for range cap(errs) {
			require.ErrorIs(r, <-errs, backend.ErrClosed)
		}
	}
}

// testCloseMeanwhile: submitters and reapers are at work when Close comes.
// What was taken comes back, and nothing else does.
func testCloseMeanwhile(r *rig) {
	path := r.create("f", []byte("content"))
	for range 10 {
		r := r.with(16)
		var submitted, reaped atomic.Int64
		var submitters, reapers sync.WaitGroup
		running := make(chan struct{}, 4)
		for range 4 {
			submitters.Go(func() { submitted.Add(submitUntilClosed(r, path, running)) })
			reapers.Go(func() { reaped.Add(reapUntilClosed(r)) })
		}
		for range cap(running) {
			<-running
		}
		require.NoError(r, r.b.Close())
		submitters.Wait()
		reapers.Wait()
		require.Equal(r, submitted.Load(), reaped.Load())
		require.Positive(r, submitted.Load())
	}
}

func submitUntilClosed(r *rig, path string, running chan<- struct{}) (submitted int64) {
	for first := true; ; {
		started, _, err := r.b.Submit(openReadClose(path, 10), nil)
		if err != nil {
			if first {
				running <- struct{}{}
			}
			if err != backend.ErrClosed {
				r.Errorf("Submit: %v", err)
			}
			return submitted
		}
		submitted += int64(started)
		if first && started > 0 {
			running <- struct{}{}
			first = false
		}
	}
}

func reapUntilClosed(r *rig) (reaped int64) {
	done := make([]*backend.Op, 5)
	for {
		n, err := r.b.Reap(done)
		reaped += int64(n)
		for _, op := range done[:n] {
			if op.Err != nil {
				r.Errorf("%v: %v", op.Kind, op.Err)
			}
		}
		if err != nil {
			if err != backend.ErrClosed {
				r.Errorf("Reap: %v", err)
			}
			return reaped
		}
	}
}
