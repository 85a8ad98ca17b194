package mailfmt

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/ringbox/ringbox/fsapi"
)

// groupSize is how many files are committed together: their syncs overlap.
const groupSize = 64

// group commits files that hold one mail each.
type group struct {
	ctx       context.Context // that of the writing: it does not end with an interrupt
	fs        *fsapi.FS
	pending   []member
	committed int
}

// member is a complete file that is not committed.
type member struct {
	file *fsapi.File
	time time.Time // that the file is to have; zero: leave it
}

// write makes the file path of a mail; write fills it. The file must not exist.
func (g *group) write(path string, changed time.Time, write func(*fsapi.Writer) error) error {
	f := g.fs.Create(path, fsapi.FailIfExists, fsapi.Perm{Mode: 0o600})
	if err := write(fsapi.NewWriter(g.ctx, f)); err != nil {
		return errors.Join(err, f.Close())
	}
	g.pending = append(g.pending, member{f, changed})
	if len(g.pending) < groupSize {
		return nil
	}
	return g.commit()
}

// commit commits what is pending. Those of the files that could be committed
// are, whatever happens to the others.
func (g *group) commit() error {
	var all []*fsapi.File
	for _, m := range g.pending {
		all = append(all, m.file)
	}
	err := g.fs.CommitAll(g.ctx, all...)
	for _, m := range g.pending {
		if m.file.Commit() == nil {
			g.committed++
			err = errors.Join(err, m.setTime())
		}
		err = errors.Join(err, m.file.Close())
	}
	g.pending = nil
	return err
}

func (m member) setTime() error {
	if m.time.IsZero() {
		return nil
	}
	return os.Chtimes(m.file.Path(), time.Time{}, m.time)
}

// Committed implements [Target].
func (g *group) Committed() int { return g.committed }

// Finish implements [Target].
func (g *group) Finish() error { return g.commit() }
