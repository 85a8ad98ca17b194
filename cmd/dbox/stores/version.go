package stores

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/ringbox/ringbox/cmd/dbox/files"
	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/fsapi"
)

// Version returns the version of the message files that a store is to get when
// nobody says which: 2 if Dovecot, which reads no other, has left its list of
// mailboxes there, or if one of the files looked at is of version 1 or 2; else
// 3. Looked at are the files with the lowest and the highest number in each
// directory, those of the alternate storage too.
func Version(ctx context.Context, fsys *fsapi.FS, l Location) (int, error) {
	entries, err := fsys.ReadDir(ctx, l.Root)
	if err != nil {
		return 3, missingIsNil(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "dovecot.list.index") || e.Name() == "dovecot.mailbox.log" {
			return 2, nil
		}
	}
	for _, root := range []string{l.Root, l.AltRoot()} {
		for _, dir := range []string{storageDir, mailboxesDir} {
			old, err := hasOldFiles(ctx, fsys, filepath.Join(root, dir))
			if err = missingIsNil(err); err != nil {
				return 0, err
			}
			if old {
				return 2, nil
			}
		}
	}
	return 3, nil
}

// hasOldFiles looks at two files of dir, and of each directory below it.
func hasOldFiles(ctx context.Context, fsys *fsapi.FS, dir string) (bool, error) {
	entries, err := fsys.ReadDir(ctx, dir)
	if err != nil {
		return false, err
	}
	var lowest, highest string
	var low, high uint64
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() {
			if old, err := hasOldFiles(ctx, fsys, path); old || missingIsNil(err) != nil {
				return old, err
			}
			continue
		}
		kind, n := files.Parse(e.Name())
		if kind != files.Multi && kind != files.Single {
			continue
		}
		if lowest == "" || n < low {
			lowest, low = path, n
		}
		if highest == "" || n > high {
			highest, high = path, n
		}
	}
	for _, path := range []string{lowest, highest} {
		if old, err := isOld(ctx, fsys, path); old || err != nil {
			return old, err
		}
	}
	return false, nil
}

// isOld reports whether a file is of version 1 or 2. A damaged one is of none.
func isOld(ctx context.Context, fsys *fsapi.FS, path string) (bool, error) {
	if path == "" {
		return false, nil
	}
	f, err := files.Open(ctx, fsys, path)
	if err != nil {
		return false, missingIsNil(err)
	}
	defer f.Close()
	start := make([]byte, 512)
	n, err := f.ReadAt(start, 0)
	if err != nil && err != io.EOF {
		return false, err
	}
	h, err := dboxfmt.ParseFileHeader(start[:n])
	return err == nil && h.Version < 3, nil
}

func missingIsNil(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
