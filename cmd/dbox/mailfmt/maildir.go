package mailfmt

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ringbox/ringbox/cmd/dbox/files"
	"github.com/ringbox/ringbox/fsapi"
)

// OpenMaildir returns the mails in cur and new of a Maildir: first those that have
// UIDs, in their order, then the others by the times that their names start with.
func OpenMaildir(ctx context.Context, fsys *fsapi.FS, dir string) (Source, error) {
	list, problem, err := trustedUIDList(ctx, fsys, dir)
	if err != nil {
		return nil, err
	}
	return openFolder(ctx, fsys, dir, list, problem)
}

// trustedUIDList is readUIDList with the problem apart from errors.
func trustedUIDList(ctx context.Context, fsys *fsapi.FS, dir string) (list *uidList, problem, err error) {
	list, err = readUIDList(ctx, fsys, dir)
	var p *Problem
	if errors.As(err, &p) {
		return list, p, nil
	}
	return list, nil, err
}

func openFolder(ctx context.Context, fsys *fsapi.FS, dir string, list *uidList, problem error) (Source, error) {
	known, err := readLetters(ctx, fsys, dir)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, sub := range []string{"cur", "new"} {
		entries, err := fsys.ReadDir(ctx, filepath.Join(dir, sub))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), ".") && !e.IsDir() {
				paths = append(paths, filepath.Join(dir, sub, e.Name()))
			}
		}
	}
	slices.SortStableFunc(paths, func(a, b string) int {
		a, b = filepath.Base(a), filepath.Base(b)
		return cmp.Or(cmp.Compare(list.place(a), list.place(b)), cmp.Compare(seconds(a), seconds(b)), cmp.Compare(a, b))
	})
	return &fileSet{ctx: ctx, fs: fsys, paths: paths, problem: problem, describe: func(f *files.File, m *Mail) {
		base, flags, keywords := splitName(filepath.Base(f.Name), known)
		m.GUID, m.Flags, m.Keywords, m.Received = guidOfBase(base), flags, keywords, f.Time
		list.take(base, m)
	}}, nil
}
