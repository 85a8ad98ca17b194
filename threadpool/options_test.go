package threadpool

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		name  string
		in    Options
		field string // in the error; "" for none
		want  Options
	}{
		{"zero", Options{}, "", Options{Workers: DefaultWorkers, Depth: DefaultDepth}},
		{"given", Options{Workers: 3, Depth: 40, Queue: LockFreeQueue}, "", Options{Workers: 3, Depth: 40, Queue: LockFreeQueue}},
		{"room for a chain", Options{Depth: 1}, "", Options{Workers: DefaultWorkers, Depth: backend.MaxChain}},
		{"largest", Options{Workers: MaxWorkers, Depth: MaxDepth}, "", Options{Workers: MaxWorkers, Depth: MaxDepth}},
		{"negative workers", Options{Workers: -1}, "Workers is -1", Options{}},
		{"too many workers", Options{Workers: MaxWorkers + 1}, "Workers", Options{}},
		{"negative depth", Options{Depth: -2}, "Depth is -2", Options{}},
		{"too deep", Options{Depth: MaxDepth + 1}, "Depth", Options{}},
		{"unknown queue", Options{Queue: 7}, "QueueKind(7)", Options{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := New(c.in)
			if c.field != "" {
				require.ErrorIs(t, err, backend.ErrInvalid)
				require.ErrorContains(t, err, c.field)
				require.Nil(t, p)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, p.options)
			require.Equal(t, c.want.Depth, p.Capabilities().Depth)
			require.Contains(t, p.Capabilities().Detail, c.want.Queue.String())
			require.NoError(t, p.Close())
		})
	}
}
