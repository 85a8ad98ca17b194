// Package mail finds mail to work with: a directory of mails, the archives of a
// mailing list that may lie beside the project, or generated mail of the same
// sizes.
package mail

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Message is one mail as it is delivered.
type Message struct {
	Name string // where it came from, for error texts
	Data []byte
}

// Load takes mail from dir, or, if that is empty, from the corpus beside the
// project, else from the generator with seed; count of them at most if that is
// not 0. It says in words what it took.
func Load(dir string, count int, seed uint64) ([]Message, string, error) {
	var mails []Message
	var source string
	var err error
	switch corpus := findCorpus(); {
	case dir != "":
		mails, err = readDir(dir, count)
		source = dir
	case len(corpus) > 0:
		mails, err = readCorpus(corpus, count)
		source = "corpus " + filepath.Base(corpus[0])
		if n := len(corpus) - 1; n > 0 {
			source += fmt.Sprintf(" and %d more", n)
		}
	default:
		mails = Generate(seed, count)
		source = fmt.Sprintf("generated with seed %d", seed)
	}
	if err != nil {
		return nil, "", err
	}
	size := 0
	for _, m := range mails {
		size += len(m.Data)
	}
	return mails, fmt.Sprintf("%s: %d mails, %.1f MiB", source, len(mails), float64(size)/(1<<20)), nil
}

var errEnough = errors.New("enough mail")

// readDir reads every regular file below dir, count at most if that is not 0.
func readDir(dir string, count int) ([]Message, error) {
	var mails []Message
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		mails = append(mails, Message{path, data})
		if len(mails) == count {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	if len(mails) == 0 {
		return nil, fmt.Errorf("no mail in %s", dir)
	}
	return mails, nil
}

// Repeat returns count mails at least: those that there are, over and over. The
// data is shared.
func Repeat(mails []Message, count int) []Message {
	for n := len(mails); n > 0 && len(mails) < count; {
		mails = append(mails, mails[:min(n, count-len(mails))]...)
	}
	return mails
}
