package engine

import (
	"errors"
	"os"
	"sync"

	"github.com/ringbox/ringbox/bench/measure"
)

// Descriptors are files that are open once, whoever reads them. The zero value
// has none open.
type Descriptors struct {
	mu    sync.Mutex
	files map[string]*os.File
}

// open returns the descriptor of a file. The first one to ask opens it.
func (d *Descriptors) open(path string, hint Hint) (*os.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.files[path]; f != nil {
		return f, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := hint.give(int(f.Fd())); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if d.files == nil {
		d.files = map[string]*os.File{}
	}
	d.files[path] = f
	return f, nil
}

// Close closes all descriptors. There are none open then.
func (d *Descriptors) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var files []*os.File
	for _, f := range d.files {
		files = append(files, f)
	}
	d.files = nil
	return closeAll(files)
}

// preadEngine reads with pread on descriptors that others read at the same time.
type preadEngine struct {
	files  []*os.File
	fds    []int
	shared *Descriptors
	own    bool // shared is nobody else's
}

func openPread(c Config) (Engine, error) {
	if c.Write {
		return nil, errors.New("pread: only reads")
	}
	e := &preadEngine{shared: c.Descriptors}
	if e.shared == nil {
		e.shared, e.own = &Descriptors{}, true
	}
	for _, path := range c.Files {
		f, err := e.shared.open(path, c.Hint)
		if err != nil {
			return nil, errors.Join(err, e.Close())
		}
		e.files, e.fds = append(e.files, f), append(e.fds, int(f.Fd()))
	}
	return e, nil
}

func (e *preadEngine) Queue(batch, done []*Request) (int, error) {
	for i, r := range batch {
		if r.Dir != measure.Read {
			return i, errors.New("pread: only reads")
		}
		r.finish(e.pread(r))
		done[i] = r
	}
	return len(batch), nil
}

func (e *preadEngine) Wait([]*Request) (int, error) { return 0, nil }

// Close leaves descriptors that others share to them.
func (e *preadEngine) Close() error {
	if e.own {
		return e.shared.Close()
	}
	return nil
}
