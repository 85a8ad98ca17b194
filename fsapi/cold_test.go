package fsapi

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// pageCache is an engine whose page cache has everything or nothing.
type pageCache struct {
	backend.Backend
	warm  bool
	asked int
}

func (c *pageCache) ReadNow(_ *backend.Handle, p []byte, off int64) (int, bool) {
	c.asked++
	if !c.warm {
		return 0, false
	}
	return len(p), true
}

// TestColdFile: a page cache that has nothing is asked less and less, but never
// given up; once it has something it is asked each time.
func TestColdFile(t *testing.T) {
	c := &pageCache{Backend: backend.NewSync(0)}
	fsys := openFS(t, c, Options{})
	defer closeFS(t, fsys)
	f := fsys.Open(fileOf(t, noise(1<<20)), ReadOnly)
	defer f.Close()
	p := make([]byte, 10)
	read := func(i int) {
		_, err := preadWait(patient(t), f, p, int64(i%2*500_000+i*100)) // far from what was read ahead
		require.NoError(t, err)
	}
	for i := range coldAfter {
		read(i)
	}
	c.asked = 0
	for i := range 10 * askCold {
		read(i)
	}
	require.InDelta(t, 10, c.asked, 5)
	c.warm = true
	for range askCold {
		_, _ = f.Pread(p, 1<<19) // one of them asks
	}
	c.asked = 0
	for i := range 10 {
		n, err := f.Pread(p, int64(i*1000))
		require.NoError(t, err)
		require.Equal(t, len(p), n)
	}
	require.Equal(t, 10, c.asked)
}
