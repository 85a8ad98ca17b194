package stores

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/ringbox/ringbox/fsapi"
)

// The names in the root of a store.
const (
	storageDir   = "storage"   // mdbox: message files and their map
	mailboxesDir = "mailboxes" // a directory for each mailbox
	altLink      = "dbox-alt-root"
	mapIndex     = "dovecot.map.index"
)

// rootMarks are the files that a root has and an alternate storage has not.
var rootMarks = []string{"dovecot-uidvalidity", "dovecot.list.index", "dovecot.mailbox.log", "subscriptions", altLink}

// ErrNoStore: there is no store at a path.
var ErrNoStore = errors.New("no mail store")

// Layout tells from the names in a directory what kind of store it is the root
// of; "" if it is none. An alternate storage is none.
func Layout(ctx context.Context, fsys *fsapi.FS, root string) (Kind, error) {
	entries, err := fsys.ReadDir(ctx, root)
	if err != nil {
		return "", err
	}
	storage, mailboxes, marked := false, false, false
	for _, e := range entries {
		switch {
		case e.Name() == storageDir && e.IsDir():
			storage = true
		case e.Name() == mailboxesDir && e.IsDir():
			mailboxes = true
		default:
			marked = marked || hasPrefix(e.Name(), rootMarks)
		}
	}
	if storage && !mailboxes {
		if marked, err = hasMap(ctx, fsys, root); err != nil {
			return "", err
		}
	}
	switch {
	case storage && (mailboxes || marked):
		return Multi, nil
	case mailboxes && marked:
		return Single, nil
	}
	return "", nil
}

func hasPrefix(name string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

func hasMap(ctx context.Context, fsys *fsapi.FS, root string) (bool, error) {
	entries, err := fsys.ReadDir(ctx, filepath.Join(root, storageDir))
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), mapIndex) {
			return true, err
		}
	}
	return false, err
}

// Find completes a location by what is there. A store that does not exist is an
// error, unless create is set and the location says of which kind it is to be.
func (l Location) Find(ctx context.Context, fsys *fsapi.FS, create bool) (Location, error) {
	kind, err := Layout(ctx, fsys, l.Root)
	switch {
	case errors.Is(err, fs.ErrNotExist) && create && l.Kind != "":
		return l, nil
	case err != nil:
		return l, err
	case l.Kind == "" && kind == "":
		return l, fmt.Errorf("%s: %w recognised; say sdbox:PATH or mdbox:PATH", l.Root, ErrNoStore)
	case l.Kind == "":
		l.Kind = kind
	case kind == Multi && l.Kind == Single:
		return l, fmt.Errorf("%s: it is an mdbox, not an sdbox", l.Root)
	case kind == "" && !create:
		return l, l.mustHaveMailboxes(ctx, fsys)
	}
	return l, nil
}

// mustHaveMailboxes accepts as a store, if it is called one, what has nothing
// but mailboxes or storage.
func (l Location) mustHaveMailboxes(ctx context.Context, fsys *fsapi.FS) error {
	for _, dir := range []string{mailboxesDir, storageDir} {
		info, err := fsys.Stat(ctx, filepath.Join(l.Root, dir))
		if err == nil && info.IsDir() {
			return nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return fmt.Errorf("%s: %w there", l.Root, ErrNoStore)
}
