package fsapi

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// queuedOnly hides an engine's NowReader, at no cost.
type queuedOnly struct{ backend.Backend }

// TestAllocations: none for a Pread that the page cache answers, and none for
// one that is queued, but for what waiting takes: the channel of the waiter.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("pools forget things under the race detector")
	}
	const size = 1 << 20
	path := fileOf(t, noise(size))
	engines := readingEngines(t)
	for _, name := range []string{"threadpool", "uring"} {
		for _, queued := range []bool{false, true} {
			mode := map[bool]string{false: "cached", true: "queued"}[queued]
			t.Run(name+"/"+mode, func(t *testing.T) {
				engine := engines[name](t)
				if queued {
					engine = queuedOnly{engine}
				} else if !backend.HasReadNow {
					t.Skip("no read here that cannot block")
				}
				fsys := newReadingFS(t, engine, Options{})
				ctx := context.Background() // its Done channel costs nothing
				f := fsys.Open(path, ReadOnly)
				defer f.Close()
				p := make([]byte, 4096)
				off, waits := int64(0), 0
				read := func() {
					for {
						n, err := f.Pread(p, off)
						if err == ErrAgain {
							waits++
							f.Wait(ctx)
							continue
						}
						if err != nil && err != io.EOF {
							t.Error(err)
						}
						_ = n
						off = (off + 40_000) % (size - 4096) // random, as far as reading ahead is concerned
						return
					}
				}
				for range 100 {
					read()
				}
				waits = 0
				const runs = 500
				allocs := testing.AllocsPerRun(runs, read)
				t.Logf("%.2f allocations for a read, %.2f waits", allocs, float64(waits)/(runs+1))
				if queued {
					require.Positive(t, waits)
					require.LessOrEqual(t, allocs, 1.0)
				} else {
					require.Zero(t, allocs)
				}
			})
		}
	}
}
