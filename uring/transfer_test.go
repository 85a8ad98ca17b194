//go:build linux && (amd64 || arm64)

package uring

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// TestShortTransfers has every transfer done in pieces, which is what partly
// cached files and full file systems do at times.
func TestShortTransfers(t *testing.T) {
	e := open(t, Options{Rings: 1})
	for _, chunk := range []int{1, 7, 1000, 4096} {
		e.shards[0].chunk = chunk
		path, data := writeFile(t, 3000)
		h := openFile(t, e, path, backend.OpenWrite)

		read := &backend.Op{Kind: backend.OpRead, Handle: h, Buf: make([]byte, 4000), Off: 10}
		readv := &backend.Op{Kind: backend.OpReadv, Handle: h, Off: 10,
			Bufs: [][]byte{make([]byte, 1), nil, make([]byte, 900), make([]byte, 2089), {}}}
		run(t, e, read, readv)
		require.NoError(t, read.Err)
		require.NoError(t, readv.Err)
		require.True(t, read.EOF)
		require.False(t, readv.EOF, "it ends where the file ends, and was not asked to look further")
		requireSame(t, data[10:], read.Buf[:read.N])
		requireSame(t, data[10:], append(append(readv.Bufs[0], readv.Bufs[2]...), readv.Bufs[3]...))

		write := &backend.Op{Kind: backend.OpWrite, Handle: h, Buf: content(2500), Off: 500, Link: true}
		writev := &backend.Op{Kind: backend.OpWritev, Handle: h, Bufs: [][]byte{content(20), content(1980)}, Off: 3000, Link: true}
		run(t, e, write, writev, &backend.Op{Kind: backend.OpDatasync, Handle: h})
		require.Equal(t, 2500, write.N)
		require.Equal(t, 2000, writev.N)
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		want := append(append(append(data[:500:500], content(2500)...), content(20)...), content(1980)...)
		requireSame(t, want, got)
	}
}

// TestManyVectors: more buffers than the kernel takes at once.
func TestManyVectors(t *testing.T) {
	e := open(t, Options{})
	path, data := writeFile(t, 3*maxVectors)
	op := &backend.Op{Kind: backend.OpReadv, Handle: openFile(t, e, path, 0)}
	got := make([]byte, len(data))
	for i := range got {
		op.Bufs = append(op.Bufs, got[i:i+1])
	}
	run(t, e, op)
	require.NoError(t, op.Err)
	require.Equal(t, len(data), op.N)
	requireSame(t, data, got)
}
