package mailfmt

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ringbox/ringbox/cmd/dbox/files"
	"github.com/ringbox/ringbox/fsapi"
)

// OpenMaildir returns the mails in cur and new of a Maildir, in the order of
// the times that their names start with.
func OpenMaildir(ctx context.Context, fsys *fsapi.FS, dir string) (Source, error) {
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
		return cmp.Or(cmp.Compare(seconds(a), seconds(b)), cmp.Compare(a, b))
	})
	return &fileSet{ctx: ctx, fs: fsys, paths: paths, describe: func(f *files.File, m *Mail) {
		base, flags, keywords := splitName(filepath.Base(f.Name), known)
		m.GUID, m.Flags, m.Keywords, m.Received = guidOfBase(base), flags, keywords, f.Time
	}}, nil
}
