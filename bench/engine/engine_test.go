package engine

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/fsapi"
)

// open opens an engine, or skips the test saying why.
func open(t *testing.T, name string, c Config) Engine {
	t.Helper()
	if AppendOnly(name) {
		fs, err := fsapi.New(fsapi.Options{Backend: fsapi.BackendKind(name)})
		if errors.Is(err, ErrUnavailable) {
			t.Skipf("SKIPPED: %s: %v", name, err)
		}
		require.NoError(t, err)
		t.Cleanup(func() { fs.Close() })
		c.FS = fs
	}
	e, err := Open(name, c)
	if errors.Is(err, ErrUnavailable) {
		t.Skipf("SKIPPED: %s: %v", name, err)
	}
	require.NoError(t, err)
	return e
}

// do runs requests to their end.
func do(t *testing.T, e Engine, requests ...*Request) {
	t.Helper()
	done := make([]*Request, 16)
	n, err := e.Queue(requests, done)
	for ended := n; err == nil && ended < len(requests); ended += n {
		n, err = e.Wait(done)
	}
	require.NoError(t, err)
}

func each(t *testing.T, test func(t *testing.T, name string)) {
	for _, name := range Names {
		t.Run(name, func(t *testing.T) { test(t, name) })
	}
}

func TestRead(t *testing.T) {
	each(t, func(t *testing.T, name string) {
		data := make([]byte, 100_000)
		for i := range data {
			data[i] = byte(i * 7 >> 3)
		}
		dir := t.TempDir()
		paths := []string{filepath.Join(dir, "a"), filepath.Join(dir, "b")}
		require.NoError(t, os.WriteFile(paths[0], data, 0o600))
		require.NoError(t, os.WriteFile(paths[1], data[50_000:], 0o600))
		e := open(t, name, Config{Files: paths, Read: true, Depth: 8})
		var requests []*Request
		for i := range 8 {
			requests = append(requests, &Request{Dir: measure.Read, File: i % 2, Off: int64(i * 5000), Buf: make([]byte, 4096)})
		}
		do(t, e, requests...)
		for _, r := range requests {
			require.NoError(t, r.Err)
			require.Equal(t, 4096, r.N)
			from := int(r.Off) + r.File*50_000
			require.True(t, bytes.Equal(data[from:from+4096], r.Buf), "file %d offset %d", r.File, r.Off)
		}
		short := &Request{Dir: measure.Read, Off: 99_000, Buf: make([]byte, 4096)}
		do(t, e, short)
		require.ErrorIs(t, short.Err, io.ErrUnexpectedEOF)
		require.NoError(t, e.Close())
	})
}

func TestMissingFile(t *testing.T) {
	each(t, func(t *testing.T, name string) {
		path := filepath.Join(t.TempDir(), "missing")
		c := Config{Files: []string{path}, Read: true, Depth: 1}
		if !AppendOnly(name) {
			if e, err := Open(name, Config{Depth: 1}); err == nil {
				require.NoError(t, e.Close())
				_, err := Open(name, c)
				require.ErrorIs(t, err, os.ErrNotExist)
			}
			return
		}
		e := open(t, name, c)
		r := &Request{Dir: measure.Read, Buf: make([]byte, 10)}
		do(t, e, r)
		require.ErrorIs(t, r.Err, os.ErrNotExist)
		require.NoError(t, e.Close())
	})
}

// Engines that share descriptors leave them open to each other.
func TestSharedDescriptors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	require.NoError(t, os.WriteFile(path, []byte("some text"), 0o600))
	var shared Descriptors
	c := Config{Files: []string{path}, Read: true, Depth: 1, Descriptors: &shared}
	one, two := open(t, "pread", c), open(t, "pread", c)
	require.NoError(t, os.Remove(path))
	require.NoError(t, one.Close())
	r := &Request{Dir: measure.Read, Off: 5, Buf: make([]byte, 4)}
	do(t, two, r)
	require.NoError(t, r.Err)
	require.Equal(t, "text", string(r.Buf))
	require.NoError(t, two.Close())
	require.NoError(t, shared.Close())
	_, err := Open("pread", c)
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Open("pread", Config{Write: true})
	require.ErrorContains(t, err, "only reads")
}

func TestWriteAndSync(t *testing.T) {
	each(t, func(t *testing.T, name string) {
		if name == "pread" {
			t.Skip("it only reads")
		}
		dir := t.TempDir()
		path := filepath.Join(dir, "a")
		e := open(t, name, Config{Files: []string{path}, Write: true, Depth: 8})
		var want []byte
		for i := range 6 {
			piece := bytes.Repeat([]byte{byte('a' + i)}, 5000)
			r := &Request{Dir: measure.Write, Off: int64(len(want)), Buf: piece}
			want = append(want, piece...)
			do(t, e, r)
			require.NoError(t, r.Err)
			require.Equal(t, 5000, r.N)
			sync := &Request{Dir: measure.Sync, DataOnly: i%2 == 0}
			do(t, e, sync)
			require.NoError(t, sync.Err)
			got, err := os.ReadFile(path)
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, got), "after sync %d", i)
		}
		require.NoError(t, e.Close())
	})
}

// An append-only engine begins a file anew when it has its size, so that a job
// that goes on for hours does not fill the disk.
func TestLimit(t *testing.T) {
	for _, name := range []string{"uring", "threadpool"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a")
			e := open(t, name, Config{Files: []string{path}, Limits: []int64{2000}, Write: true, Depth: 8})
			for i := range 5 {
				r := &Request{Dir: measure.Write, Buf: bytes.Repeat([]byte{byte('a' + i)}, 1000)}
				do(t, e, r)
				require.NoError(t, r.Err)
			}
			require.NoError(t, e.Close())
			got, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, bytes.Repeat([]byte("e"), 1000), got)
		})
	}
}

func TestUnknownEngine(t *testing.T) {
	_, err := Open("floppy", Config{})
	require.ErrorIs(t, err, errors.ErrUnsupported)
}
