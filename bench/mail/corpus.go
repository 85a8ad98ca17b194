package mail

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// findCorpus returns the archives of real mails that may lie beside the
// project. The project's root is where go.mod is.
func findCorpus() []string {
	dir, err := os.Getwd()
	if err != nil {
		return nil
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if filepath.Dir(dir) == dir {
			return nil
		}
		dir = filepath.Dir(dir)
	}
	found, _ := filepath.Glob(filepath.Join(dir, "..", "shared", "corpus", "*.tar.gz"))
	return found
}

// readCorpus reads the archives, count mails at most if that is not 0.
func readCorpus(paths []string, count int) ([]Message, error) {
	var mails []Message
	for _, path := range paths {
		left := count - len(mails)
		if count > 0 && left == 0 {
			break
		}
		more, err := readArchive(path, max(left, 0))
		if err != nil {
			return nil, err
		}
		mails = append(mails, more...)
	}
	return mails, nil
}

// maxMail bounds one mail of an archive, in bytes.
const maxMail = 256 << 20

// readArchive reads the regular files of a .tar.gz, count at most if that is
// not 0.
func readArchive(path string, count int) ([]Message, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var mails []Message
	for archive := tar.NewReader(z); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) || count > 0 && len(mails) == count {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if h.Size > maxMail {
			return nil, fmt.Errorf("%s: %s has %d bytes, more than %d", path, h.Name, h.Size, maxMail)
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, h.Name, err)
		}
		mails = append(mails, Message{h.Name, data})
	}
	if len(mails) == 0 {
		return nil, fmt.Errorf("no mail in %s", path)
	}
	return mails, nil
}
