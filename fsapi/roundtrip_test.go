package fsapi

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRoundTrip(t *testing.T) {
	for _, k := range []BackendKind{URing, ThreadPool} {
		t.Run(string(k), func(t *testing.T) {
			fs, err := New(Options{Backend: k})
			require.NoError(t, err)
			ctx := context.Background()
			dir := t.TempDir()
			f := fs.Create(filepath.Join(dir, "a"), FailIfExists, Perm{})
			w := NewWriter(ctx, f)
			_, err = w.Write([]byte("hello"))
			require.NoError(t, err)
			require.NoError(t, w.CommitAs("b"))
			_, err = w.Write([]byte(" world"))
			require.NoError(t, err)
			require.NoError(t, w.Commit())
			require.NoError(t, f.Close())
			g := fs.Open(filepath.Join(dir, "b"), ReadOnly)
			data, err := io.ReadAll(NewReader(ctx, g))
			require.NoError(t, err)
			require.Equal(t, "hello world", string(data))
			require.NoError(t, g.Close())
			h := fs.Open(filepath.Join(dir, "a"), ReadOnly)
			_, err = io.ReadAll(NewReader(ctx, h))
			require.ErrorIs(t, err, os.ErrNotExist)
			h.Close()
			var files []*File
			var paths []string
			for i := range 100 {
				p := filepath.Join(dir, "g"+string(rune('a'+i%26))+string(rune('a'+i/26)))
				f := fs.Create(p, ReplaceIfExists, Perm{})
				NewWriter(ctx, f).Write(make([]byte, i*1000))
				files, paths = append(files, f), append(paths, p)
			}
			require.NoError(t, fs.CommitAll(ctx, files...))
			for _, f := range files {
				f.Close()
			}
			n := 0
			require.NoError(t, fs.ReadFiles(ctx, paths, func(i int, data []byte, err error) {
				require.NoError(t, err)
				require.Len(t, data, i*1000)
				n++
			}))
			require.Equal(t, 100, n)
			require.NoError(t, fs.Close())
			es, _ := os.ReadDir(dir)
			require.Len(t, es, 101)
		})
	}
}
