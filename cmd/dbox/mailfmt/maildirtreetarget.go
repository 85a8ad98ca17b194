package mailfmt

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// maildirTreeTarget adds mails to a Maildir and folders in it.
type maildirTreeTarget struct {
	ctx     context.Context
	fs      *fsapi.FS
	dir     string
	folders map[string]Target // by mailbox
	order   []Target
	current Target // the one whose files are open

	portable bool
}

// CreateMaildirTree returns a Target that adds mails to a Maildir, for INBOX,
// and to folders in it (Maildir++) for all other mailboxes. portable: see
// CreateMaildir.
func CreateMaildirTree(ctx context.Context, fsys *fsapi.FS, dir string, portable bool) (Target, error) {
	t := &maildirTreeTarget{ctx: ctx, fs: fsys, dir: dir, folders: map[string]Target{}, portable: portable}
	_, err := t.folder(mailstore.Inbox)
	return t, err
}

// folder returns the folder of a mailbox, and makes it if it is not there.
func (t *maildirTreeTarget) folder(mailbox string) (Target, error) {
	if f := t.folders[mailbox]; f != nil {
		return f, nil
	}
	name, err := folderDir(mailbox)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(t.dir, name)
	f, err := CreateMaildir(t.ctx, t.fs, dir, t.portable)
	if err == nil && name != "" {
		err = t.markFolder(filepath.Join(dir, "maildirfolder"))
	}
	if err != nil {
		return nil, err
	}
	t.folders[mailbox] = f
	t.order = append(t.order, f)
	return f, nil
}

// markFolder makes the empty file that tells a folder from a Maildir.
func (t *maildirTreeTarget) markFolder(path string) error {
	f := t.fs.Create(path, fsapi.ReplaceIfExists, fsapi.Perm{Mode: 0o600})
	defer f.Close()
	return fsapi.NewWriter(t.ctx, f).Commit()
}

// MakeMailbox implements [Maker].
func (t *maildirTreeTarget) MakeMailbox(m Mailbox) error {
	_, err := t.folder(m.Name)
	return err
}

// Add implements [Target].
func (t *maildirTreeTarget) Add(m *Mail) (Loss, error) {
	name := m.Mailbox
	if name == "" {
		name = mailstore.Inbox
	}
	f, err := t.folder(name)
	if err != nil {
		return 0, err
	}
	if f != t.current && t.current != nil {
		if err := t.current.Finish(); err != nil { // which can be added to all the same
			return 0, err
		}
	}
	t.current = f
	return f.Add(m)
}

// Committed implements [Target].
func (t *maildirTreeTarget) Committed() (n int) {
	for _, f := range t.order {
		n += f.Committed()
	}
	return n
}

// Finish implements [Target].
func (t *maildirTreeTarget) Finish() error {
	var all []error
	for _, f := range t.order {
		all = append(all, f.Finish())
	}
	return errors.Join(all...)
}
