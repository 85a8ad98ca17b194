package mailfmt

import (
	"context"
	"path/filepath"

	"github.com/ringbox/ringbox/fsapi"
)

// emlTarget writes a directory of .eml files.
type emlTarget struct {
	group
	dir string
	n   int
}

// CreateEML returns a Target that writes a .eml file for each mail into a
// directory, which must be empty or not exist.
func CreateEML(ctx context.Context, fsys *fsapi.FS, dir string) (Target, error) {
	t := &emlTarget{group: group{ctx: ctx, fs: fsys}, dir: dir}
	return t, makeEmptyDir(ctx, fsys, dir)
}

// Add implements [Target].
func (t *emlTarget) Add(m *Mail) (Loss, error) {
	t.n++
	lost := m.has() & (LostSender | LostPOP3 | LostFlags | LostKeywords)
	name, kept := emlName(m.GUID, t.n)
	if !kept {
		lost |= m.has() & LostGUID
	}
	return lost, t.write(filepath.Join(t.dir, name), m.Received, func(w *fsapi.Writer) error { return copyText(w, m) })
}
