package dboxfmt

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// sharedFile finds a file of the material that is kept beside the project, if
// it is there.
func sharedFile(t *testing.T, name string) string {
	dir, err := os.Getwd()
	require.NoError(t, err)
	for range 10 {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			path := filepath.Join(filepath.Dir(dir), "shared", name)
			if _, err := os.Stat(path); err != nil {
				t.Skipf("SKIPPED: real mail is not here: %v", err)
			}
			return path
		}
		dir = filepath.Dir(dir)
	}
	t.Fatal("no go.mod above the test")
	return ""
}

// TestCorpus writes real mail into one file of each version and reads it back.
func TestCorpus(t *testing.T) {
	mails := readCorpus(t, sharedFile(t, "corpus/io-uring-list-3000.tar.gz"), 600)
	require.NotEmpty(t, mails)
	for _, version := range []int{2, 3} {
		data := fileOf(t, version, mails...)
		h, all, err := readForward(bytes.NewReader(data), DecoderOptions{Verify: true})
		require.NoError(t, err)
		require.Len(t, all, len(mails))
		for i, f := range all {
			require.Equal(t, mails[i], f.body)
			size, err := f.Metadata.VirtualSize()
			require.NoError(t, err)
			crlf := bytes.ReplaceAll([]byte(f.body), []byte("\r\n"), []byte("\n"))
			require.EqualValues(t, len(crlf)+bytes.Count(crlf, []byte("\n")), size)
		}
		sameMessages(t, data, h, all)
	}
	for i, mail := range mails[:50] {
		data := fileOf(t, 2+i%2, mail)
		require.Equal(t, forward(data, true), fromEnd(data))
	}
}

func readCorpus(t *testing.T, path string, limit int) (mails []string) {
	in, err := os.Open(path)
	require.NoError(t, err)
	defer in.Close()
	unzip, err := gzip.NewReader(in)
	require.NoError(t, err)
	for archive := tar.NewReader(unzip); len(mails) < limit; {
		header, err := archive.Next()
		if err == io.EOF {
			return mails
		}
		require.NoError(t, err)
		if header.Typeflag == tar.TypeReg {
			mail, err := io.ReadAll(archive)
			require.NoError(t, err)
			mails = append(mails, string(mail))
		}
	}
	return mails
}
