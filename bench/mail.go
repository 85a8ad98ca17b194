package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// mail is one message as it is delivered.
type mail struct {
	name string // where it came from, for error texts
	data []byte
}

// loadMail takes mail from --mail, else from the corpus, else from the
// generator. It says in words what it took.
func loadMail(c config) ([]mail, string, error) {
	var mails []mail
	var source string
	var err error
	switch corpus := findCorpus(); {
	case c.mail != "":
		mails, err = readDir(c.mail, c.count)
		source = c.mail
	case len(corpus) > 0:
		mails, err = readCorpus(corpus, c.count)
		source = "corpus " + filepath.Base(corpus[0])
		if n := len(corpus) - 1; n > 0 {
			source += fmt.Sprintf(" and %d more", n)
		}
	default:
		mails = generate(c.seed, c.count)
		source = fmt.Sprintf("generated with seed %d", c.seed)
	}
	if err != nil {
		return nil, "", err
	}
	size := 0
	for _, m := range mails {
		size += len(m.data)
	}
	return mails, fmt.Sprintf("%s: %d mails, %.1f MiB", source, len(mails), float64(size)/(1<<20)), nil
}

var errEnough = errors.New("enough mail")

// readDir reads every regular file below dir, count at most if that is not 0.
func readDir(dir string, count int) ([]mail, error) {
	var mails []mail
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		mails = append(mails, mail{path, data})
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
