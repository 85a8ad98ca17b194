package fault_test

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
	"github.com/stretchr/testify/require"
)

func newEngine() backend.Backend { return backend.NewSync(0) }

// work is three operations of which the first error comes out.
func work(t *testing.T, b backend.Backend) error {
	for _, kind := range []backend.Kind{backend.OpNop, backend.OpStat, backend.OpNop} {
		op := &backend.Op{Kind: kind, Path: t.TempDir()}
		if run(t, b, op); op.Err != nil {
			return op.Err
		}
	}
	return nil
}

func TestSweep(t *testing.T) {
	for name, c := range map[string]struct {
		rule fault.Rule
		hits []int // in each run
	}{
		"all":     {fault.Rule{}, []int{1, 1, 1, 0}},
		"a kind":  {fault.Rule{Kinds: fault.Kinds(backend.OpStat)}, []int{1, 0}},
		"skip":    {fault.Rule{Skip: 2}, []int{1, 0}},
		"nothing": {fault.Rule{Kinds: fault.Kinds(backend.OpLink)}, []int{0}},
	} {
		t.Run(name, func(t *testing.T) {
			var hits []int
			err := fault.Sweep(10, newEngine, c.rule.Fail(syscall.EIO), func(b *fault.Backend, f *fault.Fault) error {
				err := work(t, b)
				hits = append(hits, f.Hits())
				if (err != nil) != (f.Hits() == 1) {
					return fmt.Errorf("%d hits, and the error is %w", f.Hits(), err)
				}
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, c.hits, hits)
		})
	}
}

// TestSweepFinds: the sweep ends at the operation whose error gets lost.
func TestSweepFinds(t *testing.T) {
	lost := errors.New("the error got lost")
	err := fault.Sweep(10, newEngine, fault.Rule{}.Fail(syscall.EIO), func(b *fault.Backend, f *fault.Fault) error {
		err := work(t, b)
		if f.Hits() == 1 && b.Operations() == 2 { // as if the second one's error were ignored
			err = nil
		}
		if f.Hits() == 1 && err == nil {
			return lost
		}
		return nil
	})
	require.ErrorIs(t, err, lost)
	require.ErrorContains(t, err, "at operation 1")
}

func TestSweepLimit(t *testing.T) {
	runs := 0
	err := fault.Sweep(2, newEngine, fault.Rule{}.Fail(syscall.EIO), func(b *fault.Backend, f *fault.Fault) error {
		runs++
		work(t, b)
		return nil
	})
	require.ErrorContains(t, err, "2 runs")
	require.Equal(t, 2, runs)
}
