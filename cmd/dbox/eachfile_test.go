package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/cmd/dbox/files"
)

func someFiles(n int) (all []files.Found) {
	for i := range n {
		all = append(all, files.Found{Path: fmt.Sprint(i)})
	}
	return all
}

// Results come in order, and no more than jobs files are worked on.
func TestEachFile(t *testing.T) {
	for _, jobs := range []int{1, 2, 7} {
		synctest.Test(t, func(t *testing.T) {
			var now atomic.Int32
			goOn := make(chan struct{})
			var got []string
			finished := make(chan error)
			go func() {
				finished <- eachFile(t.Context(), someFiles(100), jobs, func(_ context.Context, f files.Found) string {
					now.Add(1)
					<-goOn
					now.Add(-1)
					return f.Path
				}, func(path string) error { got = append(got, path); return nil })
			}()
			synctest.Wait() // until all that can begin has begun
			require.EqualValues(t, jobs, now.Load())
			close(goOn)
			require.NoError(t, <-finished)
			require.Len(t, got, 100)
			for i, path := range got {
				require.Equal(t, fmt.Sprint(i), path)
			}
		})
	}
}

func TestEachFileStops(t *testing.T) {
	broken := errors.New("broken")
	calls := 0
	err := eachFile(t.Context(), someFiles(100), 4, func(_ context.Context, f files.Found) string { return f.Path },
		func(string) error { calls++; return broken })
	require.Equal(t, broken, err)
	require.Equal(t, 1, calls)

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(broken)
	err = eachFile(ctx, someFiles(100), 4, func(context.Context, files.Found) string { return "" }, func(string) error { return nil })
	require.Equal(t, broken, err)
}
