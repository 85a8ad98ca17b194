package mail

import (
	"archive/tar"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func writeArchive(t *testing.T, path string, names ...string) {
	f, err := os.Create(path)
	require.NoError(t, err)
	z := gzip.NewWriter(f)
	w := tar.NewWriter(z)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "new/", Typeflag: tar.TypeDir}))
	for _, name := range names {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(name))}))
		_, err := w.Write([]byte(name))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	require.NoError(t, z.Close())
	require.NoError(t, f.Close())
}

func TestArchives(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "1.tar.gz"), filepath.Join(dir, "2.tar.gz")
	writeArchive(t, one, "a", "bb")
	writeArchive(t, two, "ccc", "dddd")
	for count, want := range map[int]string{0: "a bb ccc dddd ", 1: "a ", 2: "a bb ", 3: "a bb ccc "} {
		mails, err := readCorpus([]string{one, two}, count)
		require.NoError(t, err)
		got := ""
		for _, m := range mails {
			require.Equal(t, m.Name, string(m.Data))
			got += m.Name + " "
		}
		require.Equal(t, want, got, count)
	}
	require.NoError(t, os.Truncate(two, 40))
	_, err := readCorpus([]string{one, two}, 0)
	require.ErrorContains(t, err, two)
}
