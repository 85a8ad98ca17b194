package backend

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func manyNops(n int) []*Op {
	ops := make([]*Op, n)
	for i := range ops {
		ops[i] = &Op{}
	}
	return ops
}

func TestSyncIsBounded(t *testing.T) {
	s := NewSync(10)
	require.Equal(t, 10, s.Capabilities().Depth)
	ops := manyNops(12)
	ops[8].Link, ops[9].Link = true, true
	started, finished, err := s.Submit(ops, nil)
	require.NoError(t, err)
	require.Equal(t, []int{8, 0}, []int{started, finished}, "a chain is taken whole or not at all")

	done := make([]*Op, 5)
	n, err := s.Reap(done)
	require.NoError(t, err)
	require.Equal(t, ops[:5], done[:n])
	started, finished, err = s.Submit(ops[8:], done)
	require.NoError(t, err)
	require.Equal(t, []int{4, 5}, []int{started, finished})
	require.Equal(t, ops[5:10], done)
}

func TestSyncHasRoomForAChain(t *testing.T) {
	require.Equal(t, MaxChain, NewSync(1).Capabilities().Depth)
	require.Equal(t, 128, NewSync(0).Capabilities().Depth)
}

func TestSyncRefusesChainsThatAreTooLong(t *testing.T) {
	ops := manyNops(MaxChain + 2)
	for _, op := range ops[1:] {
		op.Link = true
	}
	started, _, err := NewSync(0).Submit(ops, nil)
	require.ErrorIs(t, err, ErrInvalid)
	require.Equal(t, 1, started)
}

func TestSyncClose(t *testing.T) {
	s := NewSync(0)
	var waiting sync.WaitGroup
	for range 3 {
		waiting.Go(func() {
			for done := make([]*Op, 1); ; {
				if _, err := s.Reap(done); err != nil {
					require.ErrorIs(t, err, ErrClosed)
					return
				}
			}
		})
	}
	_, _, err := s.Submit(manyNops(2), nil)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	waiting.Wait()
	require.NoError(t, s.Close())
	started, _, err := s.Submit(manyNops(1), nil)
	require.ErrorIs(t, err, ErrClosed)
	require.Zero(t, started)
}

func TestSyncLetsGoOfWhatIsReaped(t *testing.T) {
	s := NewSync(0)
	_, _, err := s.Submit(manyNops(3), make([]*Op, 2))
	require.NoError(t, err)
	require.Len(t, s.done, 1)
	for _, op := range s.done[1:cap(s.done)] {
		require.Nil(t, op)
	}
}
