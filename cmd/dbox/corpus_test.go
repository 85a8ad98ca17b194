package main

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// besideProject returns the path of what is kept beside the project, or skips the test.
func besideProject(t *testing.T, what, path string) string {
	dir, err := os.Getwd()
	require.NoError(t, err)
	for range 10 {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	path = filepath.Join(dir, "..", "shared", path)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("SKIPPED: %s: %v", what, err)
	}
	return path
}

// corpus reads real mail that is kept beside the project, if it is there.
func corpus(t *testing.T, limit int) (mails []string) {
	in, err := os.Open(besideProject(t, "real mail is not here", "corpus/io-uring-list-3000.tar.gz"))
	require.NoError(t, err)
	defer in.Close()
	unzip, err := gzip.NewReader(in)
	require.NoError(t, err)
	for archive := tar.NewReader(unzip); len(mails) < limit; {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		if header.Typeflag == tar.TypeReg {
			mail, err := io.ReadAll(archive)
			require.NoError(t, err)
			mails = append(mails, string(mail))
		}
	}
	require.NotEmpty(t, mails)
	return mails
}

// Real mail comes back from every format byte for byte.
func TestCorpusRoundTrip(t *testing.T) {
	dir := t.TempDir()
	from := filepath.Join(dir, "from")
	nastyMaildir(t, from, corpus(t, 200))
	back := through(t, dir, from)
	wantTexts, wantRest := maildirContent(t, from)
	texts, rest := maildirContent(t, back)
	sameTexts(t, wantTexts, texts)
	require.Equal(t, wantRest, rest)
}
