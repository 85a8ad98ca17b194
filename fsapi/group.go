package fsapi

import (
	"context"
	"errors"
	"path/filepath"
	"sync"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// group is the commits of one CommitAll. They meet at two barriers: when all
// data is on its way to the device (so that the syncs that follow find most of
// it there and share journal commits), and when all files have their names (so
// that each directory is synced once).
type group struct {
	fs    *FS
	data  barrier
	names barrier
}

// barrier lets commits pass when all that are still coming have arrived.
type barrier struct {
	number int // 1 or 2, as in commit.passed
	mu     sync.Mutex
	coming int
	here   []*commit
	open   func([]*commit)
}

func newGroup(fs *FS, members int) *group {
	g := &group{fs: fs}
	g.data = barrier{number: 1, coming: members, open: g.syncData}
	g.names = barrier{number: 2, coming: members, open: g.syncDirs}
	return g
}

// arrive makes c wait here. Somebody's mutex is held: the barrier opens on a
// goroutine of its own.
func (b *barrier) arrive(c *commit) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c.passed = b.number
	b.here = append(b.here, c)
	b.less()
}

// less says that one less is coming. The caller holds b.mu.
func (b *barrier) less() {
	b.coming--
	if b.coming == 0 && len(b.here) > 0 {
		here := b.here
		b.here = nil
		go b.open(here)
	}
}

func (b *barrier) skip() {
	b.mu.Lock()
	b.less()
	b.mu.Unlock()
}

// remove takes c out again if it still waits here.
func (b *barrier) remove(c *commit) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, x := range b.here {
		if x == c {
			b.here = append(b.here[:i], b.here[i+1:]...)
			return true
		}
	}
	return false
}

// leave is called when c ends: it is not coming to the barriers that it has
// not passed.
func (g *group) leave(c *commit) { g.absent(c.passed) }

func (g *group) absent(passed int) {
	if passed < 1 {
		g.data.skip()
	}
	if passed < 2 {
		g.names.skip()
	}
}

func (g *group) syncData(cs []*commit) {
	for _, c := range cs {
		c.w.file.resume(c.syncData)
	}
	g.fs.flush()
}

func (g *group) syncDirs(cs []*commit) {
	dirs := make(map[string][]dirWaiter)
	for _, c := range cs {
		dir := filepath.Dir(c.target)
		dirs[dir] = append(dirs[dir], c)
	}
	for dir, waiters := range dirs {
		g.fs.dirs.sync(dir, waiters...)
	}
	g.fs.flush()
}

// CommitAll commits files as one group and waits for them: their syncs
// overlap, and each directory is synced once. It is faster than committing one
// after the other, not atomic: every file has its own success or failure, all
// of which the returned error joins. A cancelled context ends the wait; the
// commits go on, and Commit returns their results.
func (fs *FS) CommitAll(ctx context.Context, files ...*File) error {
	return fs.CommitAllAs(ctx, files, nil)
}

// CommitAllAs is CommitAll under other names: names[i], if not empty, is what
// CommitAs would get for files[i]. names may be nil.
func (fs *FS) CommitAllAs(ctx context.Context, files []*File, names []string) error {
	if names != nil && len(names) != len(files) {
		return backend.ErrInvalid
	}
	g := newGroup(fs, len(files))
	results := make([]error, len(files))
	for i, f := range files {
		name := ""
		if names != nil {
			name = names[i]
		}
		results[i] = f.joinGroup(g, name)
	}
	fs.settle()
	for i, f := range files {
		if results[i] == ErrAgain {
			results[i] = f.awaitCommit(ctx, "")
		}
	}
	return errors.Join(results...)
}

// joinGroup starts the commit of f in g, or tells g not to wait for it.
func (f *File) joinGroup(g *group, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fs != g.fs {
		g.absent(0)
		return pathError("commit", f.path, backend.ErrInvalid)
	}
	c, err := f.startCommit(name, g)
	f.says(err)
	if c == nil {
		g.absent(0)
	}
	return err
}

// awaitCommit waits for the result of a commit that is under way, or starts
// one.
func (f *File) awaitCommit(ctx context.Context, filename string) error {
	for {
		f.mu.Lock()
		_, err := f.startCommit(filename, nil)
		f.says(err)
		seq := f.seq
		f.mu.Unlock()
		if err != ErrAgain {
			f.fs.settle()
			return err
		}
		filename = "" // from now on it is only asked how it went
		f.fs.settleBudgets()
		if err := f.waitPast(ctx, seq); err != nil {
			return err
		}
	}
}
