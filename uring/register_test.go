//go:build linux && (amd64 || arm64)

package uring

import (
	"os"
	"testing"

	abi "github.com/iceber/iouring-go/syscall"
	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// TestRegistered: transfers with registered memory and files are the same
// transfers, and really use what is registered.
func TestRegistered(t *testing.T) {
	e := open(t, Options{Rings: 2})
	path, data := writeFile(t, 9000)
	h := openFile(t, e, path, backend.OpenWrite)
	other := openFile(t, e, path, 0)
	memory := make([]byte, 3*4096)
	require.NoError(t, e.Register(make([]byte, 100), memory))
	release, err := e.RegisterFile(h)
	require.NoError(t, err)

	last := func() (all []sqe) { // of both rings, whichever served
		for _, s := range e.shards {
			all = append(all, s.ring.entries[(s.ring.tail-1)&s.ring.sqMask])
		}
		return all
	}
	for _, c := range []struct {
		name   string
		h      *backend.Handle
		buf    []byte
		opcode uint8
		flags  uint8
	}{
		{"both", h, memory[:4096], abi.IORING_OP_READ_FIXED, abi.IOSQE_FLAGS_FIXED_FILE},
		{"both, to the end", h, memory[8192:], abi.IORING_OP_READ_FIXED, abi.IOSQE_FLAGS_FIXED_FILE},
		{"file", h, make([]byte, 4096), abi.IORING_OP_READ, abi.IOSQE_FLAGS_FIXED_FILE},
		{"memory", other, memory[1:4097], abi.IORING_OP_READ_FIXED, 0},
		{"neither", other, make([]byte, 4096), abi.IORING_OP_READ, 0},
		{"beyond the memory", other, append(memory[:3*4096:3*4096], 1), abi.IORING_OP_READ, 0},
	} {
		op := &backend.Op{Kind: backend.OpRead, Handle: c.h, Buf: c.buf[:4096], Off: 100}
		if c.name == "beyond the memory" {
			op.Buf = c.buf
		}
		run(t, e, op)
		require.NoError(t, op.Err, c.name)
		requireSame(t, data[100:100+op.N], op.Buf[:op.N])
		found := false
		for _, entry := range last() {
			found = found || entry.opcode == c.opcode && entry.flags == c.flags
		}
		require.True(t, found, "%s: %+v", c.name, last())
		clear(memory)
	}

	copy(memory, "written")
	write := &backend.Op{Kind: backend.OpWrite, Handle: h, Buf: memory[:7], Off: 4000, Link: true}
	run(t, e, write, &backend.Op{Kind: backend.OpDatasync, Handle: h})
	require.NoError(t, write.Err)
	now, err := os.ReadFile(path)
	require.NoError(t, err)
	requireSame(t, append(append(data[:4000:4000], "written"...), data[4007:]...), now)

	release()
	release() // does nothing
	require.Equal(t, -1, h.Registered())
	op := &backend.Op{Kind: backend.OpRead, Handle: h, Buf: memory}
	run(t, e, op)
	require.Equal(t, 9000, op.N)
	requireSame(t, now, memory[:9000])
}

// TestRegisteredPlaces: a place is free again after its release, and only then.
func TestRegisteredPlaces(t *testing.T) {
	e := open(t, Options{Rings: 1})
	path, data := writeFile(t, 100)
	handles := make([]*backend.Handle, maxFiles+1)
	releases := make([]func(), maxFiles)
	for i := range handles {
		handles[i] = openFile(t, e, path, 0)
		release, err := e.RegisterFile(handles[i])
		if i == maxFiles {
			require.ErrorIs(t, err, backend.ErrUnavailable)
			break
		}
		require.NoError(t, err)
		releases[i] = release
	}
	_, err := e.RegisterFile(handles[0])
	require.ErrorIs(t, err, backend.ErrInvalid, "twice")

	run(t, e, &backend.Op{Kind: backend.OpClose, Handle: handles[7]})
	require.Equal(t, -1, handles[7].Registered(), "a closed handle has no place")
	releases[7]()
	_, err = e.RegisterFile(handles[maxFiles])
	require.NoError(t, err)
	op := &backend.Op{Kind: backend.OpRead, Handle: handles[maxFiles], Buf: make([]byte, 200)}
	run(t, e, op)
	require.NoError(t, op.Err)
	requireSame(t, data, op.Buf[:op.N])
}

// TestCannotRegister: what is refused changes nothing.
func TestCannotRegister(t *testing.T) {
	e := open(t, Options{})
	path, data := writeFile(t, 1000)
	h := openFile(t, e, path, 0)
	require.ErrorIs(t, e.Register(data, nil), backend.ErrInvalid)
	require.Error(t, e.Register(make([]byte, 1<<30+1)), "larger than the kernel takes")
	require.NoError(t, e.Register(data))
	require.ErrorIs(t, e.Register(data), backend.ErrInvalid, "twice")
	_, err := e.RegisterFile(new(backend.Handle))
	require.ErrorIs(t, err, backend.ErrInvalid)
	op := &backend.Op{Kind: backend.OpRead, Handle: h, Buf: make([]byte, 2000)}
	run(t, e, op)
	require.NoError(t, op.Err)
	requireSame(t, data, op.Buf[:op.N])
}
