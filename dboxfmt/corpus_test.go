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

// corpus returns the real mail that is kept beside the project.
func corpus(t *testing.T) []string {
	all := readCorpus(t, sharedFile(t, "corpus/io-uring-list-3000.tar.gz"))
	require.Len(t, all, 2999)
	var mails []string
	for i := 0; i < len(all); i += sampleEvery {
		mails = append(mails, all[i])
	}
	return mails
}

// TestCorpus writes real mail into one file of each version and reads it back.
func TestCorpus(t *testing.T) {
	mails := corpus(t)
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
	for i, mail := range mails {
		data := fileOf(t, 2+i%2, mail)
		require.Equal(t, forward(data, true), fromEnd(data))
	}
}

func readCorpus(t *testing.T, path string) (mails []string) {
	in, err := os.Open(path)
	require.NoError(t, err)
	defer in.Close()
	unzip, err := gzip.NewReader(in)
	require.NoError(t, err)
	for archive := tar.NewReader(unzip); ; {
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
}
