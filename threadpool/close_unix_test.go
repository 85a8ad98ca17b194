//go:build linux || darwin

package threadpool

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

func TestCloseWaitsForWhatIsInFlight(t *testing.T) {
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		p := newPool(t, Options{Workers: 1, Queue: kind})
		s := newStuck(t)
		ops := append([]*backend.Op{s.op}, nops(5)...)
		submit(t, p, ops...)
		closed := make(chan error)
		go func() { closed <- p.Close() }()

		probe := &backend.Op{}
		refused := func() bool {
			started, _, err := p.Submit([]*backend.Op{probe}, nil)
			if err == nil && started == 1 {
				ops = append(ops, probe)
				probe = &backend.Op{}
			}
			return errors.Is(err, backend.ErrClosed)
		}
		for deadline := time.Now().Add(10 * time.Second); !refused(); runtime.Gosched() {
			require.True(t, time.Now().Before(deadline), "Submit never said ErrClosed")
		}
		require.Zero(t, probe.Slot)
		select {
		case <-closed:
			require.Fail(t, "Close came back before the operations in flight")
		default:
		}
		s.letGo()
		require.NoError(t, <-closed)
		require.ElementsMatch(t, ops, reap(t, p, len(ops)), "results can be reaped after Close")
		_, err := p.Reap(make([]*backend.Op, 1))
		require.ErrorIs(t, err, backend.ErrClosed)
		s.closeHandle()
	})
}
