package mailstore

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
)

// trash is where a mailbox is removed from. Whatever is there may go at any
// time; Dovecot uses the same name.
const trash = "..DOVECOT-TrasH"

// Locked runs fn while nobody else changes the list.
func (t *Tree) Locked(ctx context.Context, fn func() error) error {
	unlock, err := t.lockList(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return fn()
}

// Make makes the directory of a new mailbox, whose name must be a clean one. One
// that is there is an fs.ErrExist.
func (t *Tree) Make(ctx context.Context, name string) error {
	return t.Locked(ctx, func() error {
		there, err := t.Exists(ctx, name)
		if err == nil && there {
			err = fs.ErrExist
		}
		if err != nil {
			return err
		}
		return t.MakeDir(ctx, t.Dir(name))
	})
}

// MakeDir makes the directory of a mailbox and everything above, durably, the
// root of the alternate storage included. One that is there is no error.
func (t *Tree) MakeDir(ctx context.Context, dir string) error {
	if err := t.fsys.MkdirAll(ctx, dir, 0o700); err != nil {
		return err
	}
	for up := filepath.Dir(dir); ; up = filepath.Dir(up) {
		err := t.fsys.SyncDir(ctx, up)
		top := up == filepath.Dir(t.root) || up == filepath.Dir(t.alt) || up == filepath.Dir(up)
		if top && errors.Is(err, fs.ErrPermission) {
			return nil // who may not read it has not made anything there, as a rule
		}
		if top || err != nil {
			return err
		}
	}
}

// Discard removes the directories of a mailbox, those in alternate storage
// first, and then levels of names that have become empty. The list must be
// locked and the index marked as deleted: by that mark, and not by what is left
// of the files, it is known after a crash that the mailbox is to go.
func (t *Tree) Discard(ctx context.Context, name string) error {
	if err := t.discard(ctx, t.alt, t.altPlace(name)); err != nil {
		return err
	}
	return t.discard(ctx, t.root, t.place(name))
}

func (t *Tree) discard(ctx context.Context, root, place string) error {
	bin := filepath.Join(root, trash)
	if err := t.removeAll(ctx, bin); err != nil {
		return err
	}
	err := t.fsys.Rename(ctx, filepath.Join(place, mailsDir), bin)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := errors.Join(t.fsys.SyncDir(ctx, place), t.fsys.SyncDir(ctx, root)); err != nil {
		return err
	}
	t.prune(ctx, root, place)
	return t.removeAll(ctx, bin)
}

// prune removes place and the levels above it as far as they are empty.
func (t *Tree) prune(ctx context.Context, root, place string) {
	for top := filepath.Join(root, "mailboxes"); place != top && strings.HasPrefix(place, top); place = filepath.Dir(place) {
		if t.fsys.Remove(ctx, place) != nil {
			return // not empty, or somebody else's to clean up
		}
	}
}

// removeAll removes a directory with its files and directories; one that is not
// there is no error.
func (t *Tree) removeAll(ctx context.Context, dir string) error {
	entries, err := t.fsys.ReadDir(ctx, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() {
			err = errors.Join(err, t.removeAll(ctx, path))
		} else {
			err = errors.Join(err, IgnoreMissing(t.fsys.Remove(ctx, path)))
		}
	}
	if err != nil {
		return err
	}
	return IgnoreMissing(t.fsys.Remove(ctx, dir))
}

// IgnoreMissing returns err, or nil if it says that a file is not there.
func IgnoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Rename moves a mailbox or level of names and everything below it. The list
// must be locked. The alternate storage follows the primary one; when that fails,
// both go back. After a crash between the two the messages there cannot be read
// until a rebuild has found out, by their UIDs, whose they are.
func (t *Tree) Rename(ctx context.Context, from, to string) error {
	if err := t.renamable(ctx, from, to); err != nil {
		return err
	}
	err := t.move(ctx, t.root, t.place(from), t.place(to))
	if err == nil {
		err = IgnoreMissing(t.move(ctx, t.alt, t.altPlace(from), t.altPlace(to)))
	}
	if err != nil {
		ctx = context.WithoutCancel(ctx)
		err = errors.Join(err, t.moveBack(ctx, t.altPlace(from), t.altPlace(to)), t.moveBack(ctx, t.place(from), t.place(to)))
	}
	return inMailbox(from, err)
}

func (t *Tree) renamable(ctx context.Context, from, to string) error {
	if from == Inbox || strings.HasPrefix(to+"/", from+"/") {
		return inMailbox(from, errNotRenamable(from))
	}
	for _, name := range []string{from, to} {
		there, err := isDir(ctx, t.fsys, t.place(name))
		switch {
		case err != nil:
			return inMailbox(name, err)
		case there && name == to:
			return inMailbox(to, fs.ErrExist)
		case !there && name == from:
			return inMailbox(from, fs.ErrNotExist)
		}
	}
	return nil
}

// moveBack undoes a move, if it has happened.
func (t *Tree) moveBack(ctx context.Context, from, to string) error {
	if _, err := t.fsys.Stat(ctx, from); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := t.fsys.MkdirAll(ctx, filepath.Dir(from), 0o700)
	if err == nil {
		err = t.fsys.Rename(ctx, to, from)
	}
	return IgnoreMissing(err)
}

func errNotRenamable(name string) error {
	if name == Inbox {
		return errors.Join(ErrName, errors.New("INBOX cannot be renamed"))
	}
	return errors.Join(ErrName, errors.New("a mailbox cannot be moved below itself"))
}

func (t *Tree) move(ctx context.Context, root, from, to string) error {
	if _, err := t.fsys.Stat(ctx, from); err != nil {
		return err
	}
	if err := t.MakeDir(ctx, filepath.Dir(to)); err != nil {
		return err
	}
	if err := t.fsys.Rename(ctx, from, to); err != nil {
		return err
	}
	if err := errors.Join(t.fsys.SyncDir(ctx, filepath.Dir(to)), t.fsys.SyncDir(ctx, filepath.Dir(from))); err != nil {
		return err
	}
	t.prune(ctx, root, filepath.Dir(from))
	return nil
}

// MoveAlt gives the part of a mailbox in the alternate storage the name of the
// mailbox that it belongs to, which has none there.
func (t *Tree) MoveAlt(ctx context.Context, from, to string) error {
	if err := IgnoreMissing(t.fsys.Remove(ctx, t.AltDir(to))); err != nil {
		return err // not empty
	}
	return t.move(ctx, t.alt, t.AltDir(from), t.AltDir(to))
}
