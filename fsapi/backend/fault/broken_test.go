package fault_test

import (
	"errors"
	"testing"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
	"github.com/stretchr/testify/require"
)

var errBroken = errors.New("the engine is broken for good")

// brokenEngine takes operations and loses them; once it has, Reap says so.
type brokenEngine struct {
	backend.Backend
	took   chan struct{}
	refuse bool
}

func (e *brokenEngine) Submit(ops, done []*backend.Op) (int, int, error) {
	if e.refuse {
		return 0, 0, errBroken
	}
	close(e.took)
	return len(ops), 0, nil
}

func (e *brokenEngine) Reap([]*backend.Op) (int, error) {
	<-e.took
	return 0, errBroken
}

// TestBrokenEngine: its end is everybody's end, and nobody waits for ever.
func TestBrokenEngine(t *testing.T) {
	for name, rule := range map[string]fault.Rule{
		"passed through":   {Skip: 1},
		"member by member": {},
	} {
		t.Run(name, func(t *testing.T) {
			b := fault.Wrap(&brokenEngine{Backend: backend.NewSync(0), took: make(chan struct{})})
			b.Add(rule)
			op := &backend.Op{Kind: backend.OpNop}
			submit(t, b, op)
			n, err := b.Reap(make([]*backend.Op, 1))
			if n == 1 {
				require.ErrorIs(t, op.Err, errBroken)
				_, err = b.Reap(make([]*backend.Op, 1))
			}
			require.ErrorIs(t, err, errBroken)
			_, _, err = b.Submit([]*backend.Op{op}, nil)
			require.ErrorIs(t, err, errBroken)
			require.NoError(t, b.Close())
		})
	}
}

// TestRefusingEngine: an operation that was taken comes back, with the error.
func TestRefusingEngine(t *testing.T) {
	for _, rule := range []fault.Rule{{Skip: 1}, {}} {
		e := &brokenEngine{Backend: backend.NewSync(0), took: make(chan struct{}), refuse: true}
		b := fault.Wrap(e)
		b.Add(rule)
		op := &backend.Op{Kind: backend.OpNop}
		run(t, b, op)
		require.ErrorIs(t, op.Err, errBroken)
		close(e.took)
		require.NoError(t, b.Close())
	}
}
