package mailstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/fsapi"
)

// Tree is the directories of a store: its list of mailboxes, its subscriptions
// and its UIDVALIDITY counter. It takes the locks that Dovecot takes.
//
//	ROOT/mailboxes/<name>/dbox-Mails    a mailbox
//	ALT/mailboxes/<name>/dbox-Mails     its part of the alternate storage
//	ROOT/mailboxes.lock                 held while the list changes
//	ROOT/subscriptions, subscriptions.lock
//	ROOT/dovecot-uidvalidity, dovecot-uidvalidity.<8 hex digits>
//	ROOT/..DOVECOT-TrasH                a mailbox on its way out
type Tree struct {
	fsys    *fsapi.FS
	root    string
	alt     string
	timeout time.Duration
	now     func() time.Time
}

// TreeOptions are what [NewTree] needs to know.
type TreeOptions struct {
	FS   *fsapi.FS
	Root string
	// Alt is the root of the alternate storage; "": where the symbolic link
	// ROOT/dbox-alt-root leads to.
	Alt string
	// LockTimeout is how long to wait for a lock that somebody else has; 0
	// means mailindex.DefaultLockTimeout. It is longer than it takes until a
	// lock file counts as left behind.
	LockTimeout time.Duration
	Now         func() time.Time // nil: time.Now
}

const altLink = "dbox-alt-root"

// NewTree returns a Tree; it touches nothing.
func NewTree(o TreeOptions) *Tree {
	t := &Tree{fsys: o.FS, root: filepath.Clean(o.Root), alt: filepath.Clean(o.Alt), timeout: o.LockTimeout, now: o.Now}
	if o.Alt == "" {
		t.alt = filepath.Join(o.Root, altLink)
	}
	if t.timeout == 0 {
		t.timeout = mailindex.DefaultLockTimeout
	}
	if t.now == nil {
		t.now = time.Now
	}
	return t
}

// Dir returns the directory with the index of a mailbox, whose name must be a
// clean one.
func (t *Tree) Dir(name string) string { return filepath.Join(t.place(name), mailsDir) }

// AltDir is Dir in the alternate storage.
func (t *Tree) AltDir(name string) string { return filepath.Join(t.altPlace(name), mailsDir) }

func (t *Tree) mailboxes() string { return filepath.Join(t.root, "mailboxes") }
func (t *Tree) place(name string) string {
	return filepath.Join(t.root, "mailboxes", StorageName(name))
}
func (t *Tree) altPlace(name string) string {
	return filepath.Join(t.alt, "mailboxes", StorageName(name))
}
func (t *Tree) inRoot(parts ...string) string {
	return filepath.Join(append([]string{t.root}, parts...)...)
}

// Exists reports whether there is a mailbox of that name.
func (t *Tree) Exists(ctx context.Context, name string) (bool, error) {
	return isDir(ctx, t.fsys, t.Dir(name))
}

// HasAlt reports whether there is an alternate storage.
func (t *Tree) HasAlt(ctx context.Context) (bool, error) { return isDir(ctx, t.fsys, t.alt) }

func isDir(ctx context.Context, fsys *fsapi.FS, path string) (bool, error) {
	info, err := fsys.Stat(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && info.IsDir(), err
}

// List returns the mailboxes and the levels above them, sorted by name. What is
// no name of a mailbox is left out.
func (t *Tree) List(ctx context.Context) ([]MailboxInfo, error) {
	list, err := t.walk(ctx, nil, t.mailboxes(), "")
	if err != nil {
		return nil, err
	}
	subscribed, err := t.Subscriptions(ctx)
	if err != nil {
		return nil, err
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	for i := range list {
		at := sort.SearchStrings(subscribed, list[i].Name)
		list[i].Subscribed = at < len(subscribed) && subscribed[at] == list[i].Name
	}
	return list, nil
}

// AltList returns the mailboxes that have a part in the alternate storage.
func (t *Tree) AltList(ctx context.Context) (names []string, err error) {
	list, err := t.walk(ctx, nil, filepath.Join(t.alt, "mailboxes"), "")
	for _, m := range list {
		if m.Selectable {
			names = append(names, m.Name)
		}
	}
	sort.Strings(names)
	return names, err
}

// walk appends what is below dir, whose names begin with prefix.
func (t *Tree) walk(ctx context.Context, list []MailboxInfo, dir, prefix string) ([]MailboxInfo, error) {
	entries, err := t.fsys.ReadDir(ctx, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return list, nil // deleted meanwhile, or a store without mailboxes yet
	}
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		level, err := decodeUTF7(e.Name())
		if !e.IsDir() || err != nil || !validLevel(level) || strings.Contains(level, "/") {
			continue
		}
		name, place := prefix+level, filepath.Join(dir, e.Name())
		selectable, err := isDir(ctx, t.fsys, filepath.Join(place, mailsDir))
		if err != nil {
			return nil, err
		}
		list = append(list, MailboxInfo{Name: name, Selectable: selectable})
		if list, err = t.walk(ctx, list, place, name+"/"); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func inMailbox(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("mailbox %q: %w", name, err)
}
