package engine

import (
	"errors"
	"os"

	"github.com/ringbox/ringbox/bench/measure"
)

// syncEngine does each request in Queue, with one system call.
type syncEngine struct{ files []*os.File }

func openSync(c Config) (Engine, error) {
	files, err := openOS(c)
	return &syncEngine{files}, err
}

// openOS opens the files of c as os has them.
func openOS(c Config) ([]*os.File, error) {
	flag := os.O_RDONLY
	if c.Write {
		flag = os.O_RDWR | os.O_CREATE
	}
	files := make([]*os.File, 0, len(c.Files))
	for _, path := range c.Files {
		f, err := os.OpenFile(path, flag, 0o600)
		if err != nil {
			return nil, errors.Join(err, closeAll(files))
		}
		files = append(files, f)
		if err := c.Hint.give(int(f.Fd())); err != nil {
			return nil, errors.Join(err, closeAll(files))
		}
	}
	return files, nil
}

func closeAll(files []*os.File) (err error) {
	for _, f := range files {
		err = errors.Join(err, f.Close())
	}
	return err
}

func (e *syncEngine) Queue(batch, done []*Request) (int, error) {
	for i, r := range batch {
		f := e.files[r.File]
		switch r.Dir {
		case measure.Read:
			r.finish(f.ReadAt(r.Buf, r.Off))
		case measure.Write:
			r.finish(f.WriteAt(r.Buf, r.Off))
		default:
			r.finish(0, SyncFile(f, r.DataOnly))
		}
		done[i] = r
	}
	return len(batch), nil
}

func (e *syncEngine) Wait([]*Request) (int, error) { return 0, nil }

func (e *syncEngine) Close() error { return closeAll(e.files) }
