package mdbox

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// Readers never miss a message, or get another one, while purges and moves to
// the alternate storage give all messages new places.
func TestReadingWhileFilesChange(t *testing.T) {
	onEngines(t, func(t *testing.T, fsys *fsapi.FS) {
		x := newStore(t, Options{FS: fsys, Alt: t.TempDir(), RotateSize: 8 << 10})
		b := x.box("INBOX")
		var bodies []string
		for i := range 40 {
			bodies = append(bodies, strings.Repeat(fmt.Sprint(i, " "), 200))
		}
		kept := save(t, b, mailstore.SaveOptions{}, bodies...)
		var over atomic.Bool
		var readers sync.WaitGroup
		for range 3 {
			readers.Go(func() {
				for !over.Load() {
					n := 0
					for m, err := range b.Fetch(ctx, kept, mailstore.FetchOptions{Verify: true}) {
						require.NoError(t, err)
						body, err := m.Body(ctx)
						require.NoError(t, err)
						text, err := io.ReadAll(body)
						require.NoError(t, err)
						require.Equal(t, bodies[n], string(text))
						n++
					}
					require.Equal(t, len(kept), n)
				}
			})
		}
		for i := range 4 {
			require.NoError(t, b.Expunge(ctx, save(t, b, mailstore.SaveOptions{}, "x", "y")))
			_, err := x.Purge(ctx)
			require.NoError(t, err)
			require.NoError(t, b.AltMove(ctx, kept[i:i+20], i%2 == 1))
		}
		over.Store(true)
		readers.Wait()
	})
}

// The header can be read before the rest, and parts in any order.
func TestParts(t *testing.T) {
	x := newStore(t, Options{})
	b := x.box("INBOX")
	save(t, b, mailstore.SaveOptions{}, "A: 1\r\nB: 2\r\n\r\n"+strings.Repeat("0123456789", 20000))
	for m, err := range b.Fetch(ctx, nil, mailstore.FetchOptions{}) {
		require.NoError(t, err)
		header, err := m.Header(ctx, 1<<20)
		require.NoError(t, err)
		require.Equal(t, "A: 1\nB: 2\n\n", string(header))
		body, err := m.Body(ctx)
		require.NoError(t, err)
		_, err = body.Seek(11+150003, io.SeekStart)
		require.NoError(t, err)
		part := make([]byte, 5)
		_, err = io.ReadFull(body, part)
		require.NoError(t, err)
		require.Equal(t, "34567", string(part))
	}
}

// A message may be asked for twice, and be where nobody knew.
func TestFetchTwice(t *testing.T) {
	x := sample(t, 3)
	var uids []uint32
	for m, err := range reopen(x).box("INBOX").Fetch(ctx, []uint32{4, 4, 9, 4, 1}, mailstore.FetchOptions{}) {
		require.NoError(t, err)
		uids = append(uids, m.UID)
	}
	require.Equal(t, []uint32{4, 4, 4, 1}, uids)
}

// Deliveries, expunges and purges go on while somebody rebuilds the store.
func TestRebuildAmongOthers(t *testing.T) {
	x := newStore(t, Options{FS: newFS(t, engines["threadpool"](t), fsapi.SyncNever), RotateSize: 16 << 10, Logger: quiet})
	b := x.box("INBOX")
	var others sync.WaitGroup
	var over atomic.Bool
	for worker := range 3 {
		others.Go(func() {
			for n := range 20 {
				large := strings.Repeat("x", n%2*maxStaged)
				uids := save(t, b, mailstore.SaveOptions{}, fmt.Sprintf("%d %d kept %s", worker, n, large), "expunged")
				require.NoError(t, b.Expunge(ctx, uids[1:]))
			}
			over.Store(true)
		})
	}
	others.Go(func() {
		for !over.Load() {
			_, err := x.Purge(ctx)
			require.NoError(t, err)
		}
	})
	for !over.Load() {
		_, err := x.Rebuild(ctx)
		require.NoError(t, err)
	}
	others.Wait()
	_, err := x.Rebuild(ctx)
	require.NoError(t, err)
	kept := map[string]int{}
	for _, line := range contents(t, b) {
		_, body, _ := strings.Cut(line, `"`)
		kept[strings.TrimRight(body, `x "`)]++
	}
	for worker := range 3 {
		for n := range 20 {
			require.Equal(t, 1, kept[fmt.Sprintf("%d %d kept", worker, n)], "%d %d", worker, n)
		}
	}
	require.Len(t, kept, 3*20, "nothing expunged is back")
}
