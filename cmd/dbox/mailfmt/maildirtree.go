package mailfmt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// folder is a Maildir that is one of the folders of a Maildir++ tree.
type folder struct {
	mailbox string
	dir     string
	list    *uidList
	problem error // with the list; nil: none
}

// folderDir is the name of the directory of a mailbox: ".Archive.2026" for
// Archive/2026. A name with a dot in it has none.
func folderDir(mailbox string) (string, error) {
	if mailbox == mailstore.Inbox {
		return "", nil
	}
	name := mailstore.StorageName(mailbox)
	if strings.Contains(name, ".") {
		return "", fmt.Errorf("mailbox %q: the folders of a Maildir cannot have a dot in their name; export it on its own", mailbox)
	}
	return "." + strings.ReplaceAll(name, "/", "."), nil
}

// parseFolderDir is the inverse of folderDir; ok says whether dir can be a
// folder.
func parseFolderDir(dir string) (mailbox string, ok bool) {
	name, dotted := strings.CutPrefix(dir, ".")
	if !dotted || strings.Contains(name, "/") {
		return "", false
	}
	mailbox, err := mailstore.ParseStorageName(strings.ReplaceAll(name, ".", "/"))
	return mailbox, err == nil && mailbox != mailstore.Inbox
}

// maildirTree reads a Maildir and the folders in it.
type maildirTree struct {
	ctx     context.Context
	fs      *fsapi.FS
	all     []folder
	left    []folder
	now     string // the mailbox that is read
	current Source
}

// OpenMaildirTree returns the mails of a Maildir, as those of INBOX, and of the
// folders in it (Maildir++), or those of one mailbox.
func OpenMaildirTree(ctx context.Context, fsys *fsapi.FS, dir, mailbox string) (Source, error) {
	entries, err := fsys.ReadDir(ctx, dir)
	if err != nil {
		return nil, err
	}
	all := []folder{{mailbox: mailstore.Inbox, dir: dir}}
	for _, e := range entries {
		if name, ok := parseFolderDir(e.Name()); ok && e.IsDir() {
			path := filepath.Join(dir, e.Name())
			info, err := fsys.Stat(ctx, filepath.Join(path, "cur"))
			if err == nil && info.IsDir() {
				all = append(all, folder{mailbox: name, dir: path})
			} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
	}
	t := &maildirTree{ctx: ctx, fs: fsys}
	for _, f := range all {
		if mailbox == "" || f.mailbox == mailbox {
			if f.list, f.problem, err = trustedUIDList(ctx, fsys, f.dir); err != nil {
				return nil, err
			}
			t.all = append(t.all, f)
		}
	}
	if t.all == nil {
		return nil, fmt.Errorf("%s: no folder for mailbox %q; to say where its mail goes there is --into", dir, mailbox)
	}
	t.left = t.all
	return t, nil
}

// Mailboxes implements [Shelf].
func (t *maildirTree) Mailboxes() (all []Mailbox) {
	for _, f := range t.all {
		all = append(all, Mailbox{Name: f.mailbox, UIDValidity: f.list.validity, UIDNext: func() uint32 { return f.list.next }})
	}
	return all
}

// Next implements [Source].
func (t *maildirTree) Next() (*Mail, error) {
	for {
		if t.current == nil {
			if len(t.left) == 0 {
				return nil, io.EOF
			}
			f := t.left[0]
			t.left = t.left[1:]
			src, err := openFolder(t.ctx, t.fs, f.dir, f.list, f.problem)
			if err != nil {
				return nil, err
			}
			t.current, t.now = src, f.mailbox
		}
		m, err := t.current.Next()
		if err == io.EOF {
			if err := t.Close(); err != nil {
				return nil, err
			}
			continue
		}
		if m != nil {
			m.Mailbox = t.now
		}
		return m, err
	}
}

// Close implements [Source].
func (t *maildirTree) Close() error {
	src := t.current
	t.current = nil
	if src == nil {
		return nil
	}
	return src.Close()
}
