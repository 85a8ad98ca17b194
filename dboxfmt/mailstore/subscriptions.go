package mailstore

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/ringbox/ringbox/fsapi"
)

// The file of subscriptions, version 2:
//
//	"V" TAB "2" LF LF
//	*( level *( TAB level ) LF )      names in modified UTF-7
//
// Version 1 has no header, and "/" between levels. It is changed by writing a
// new one as subscriptions.lock, which only one process can have, and renaming
// that.
const (
	subscriptionsFile   = "subscriptions"
	subscriptionsHeader = "V\t2\n\n"
	staleLock           = 2 * time.Minute // a dot lock as old as this was left by a crash
)

// Subscriptions returns the subscribed names, sorted. Lines that are no names
// are left out, but kept in the file.
func (t *Tree) Subscriptions(ctx context.Context) ([]string, error) {
	b, err := t.readSmall(ctx, subscriptionsFile)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, stored := range subscriptionLines(b) {
		if name, err := ParseStorageName(stored); err == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// subscriptionLines returns the lines of the file with "/" between levels.
func subscriptionLines(b []byte) []string {
	text, second := strings.CutPrefix(string(b), subscriptionsHeader)
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if second {
			line = strings.ReplaceAll(line, "\t", "/")
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// Subscribe changes the list; a change that changes nothing writes nothing.
func (t *Tree) Subscribe(ctx context.Context, name string, on bool) error {
	name, err := CleanName(name)
	if err != nil {
		return err
	}
	return inMailbox(name, t.changeSubscriptions(ctx, StorageName(name), on))
}

func (t *Tree) changeSubscriptions(ctx context.Context, stored string, on bool) error {
	patience, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	if err := t.fsys.MkdirAll(ctx, t.root, 0o700); err != nil {
		return err
	}
	for pause := (Backoff{Limit: lockPoll}); ; {
		before, err := t.readSmall(ctx, subscriptionsFile)
		if err != nil {
			return err
		}
		lines := subscriptionLines(before)
		if slices.Contains(lines, stored) == on {
			return nil
		}
		if on {
			lines = append(lines, stored)
		} else {
			lines = slices.DeleteFunc(lines, func(l string) bool { return l == stored })
		}
		slices.Sort(lines)
		done, err := t.replaceSubscriptions(ctx, before, lines)
		if done || err != nil {
			return err
		}
		if err := pause.Pause(patience); err != nil {
			return errors.Join(fsapi.ErrLocked, err)
		}
	}
}

// replaceSubscriptions returns false if somebody else has the lock, or has
// changed the file, which had the content before.
func (t *Tree) replaceSubscriptions(ctx context.Context, before []byte, lines []string) (bool, error) {
	lock := t.inRoot(subscriptionsFile + ".lock")
	f := t.fsys.Create(lock, fsapi.FailIfExists, fsapi.Perm{Mode: 0o600})
	defer f.Close()
	w := fsapi.NewWriter(ctx, f)
	if _, err := w.Write(formatSubscriptions(lines)); err != nil {
		return false, err
	}
	err := w.Commit()
	if errors.Is(err, fs.ErrExist) {
		return false, t.breakStale(ctx, lock)
	}
	if err != nil {
		return false, err
	}
	done, err := t.takeName(ctx, f, lock, before)
	if errors.Is(err, fsapi.ErrLocked) {
		return false, nil // somebody has broken the lock, after waiting for long
	}
	if done || err == nil {
		return done, err
	}
	return false, errors.Join(err, t.fsys.Remove(context.WithoutCancel(ctx), lock))
}

// takeName gives the list in the lock file f its name.
func (t *Tree) takeName(ctx context.Context, f *fsapi.File, lock string, before []byte) (bool, error) {
	now, err := t.readSmall(ctx, subscriptionsFile)
	if err == nil {
		err = t.stillNamed(ctx, f, lock)
	}
	if err != nil {
		return false, err
	}
	if !bytes.Equal(now, before) {
		return false, t.fsys.Remove(ctx, lock)
	}
	err = t.fsys.Rename(ctx, lock, t.inRoot(subscriptionsFile))
	if errors.Is(err, fs.ErrNotExist) {
		err = fsapi.ErrLocked
	}
	if err != nil {
		return false, err
	}
	return true, t.fsys.SyncDir(ctx, t.root)
}

func formatSubscriptions(lines []string) []byte {
	b := []byte(subscriptionsHeader)
	for _, line := range lines {
		b = append(b, strings.ReplaceAll(line, "/", "\t")...)
		b = append(b, '\n')
	}
	return b
}

// breakStale removes a lock file that is too old to be anybody's. Only who has the
// list of mailboxes locked does that, and looks again then: of two that have seen
// the same file, the second would remove the lock of the first.
func (t *Tree) breakStale(ctx context.Context, lock string) error {
	if stale, err := t.stale(ctx, lock); !stale {
		return err
	}
	return t.Locked(ctx, func() error {
		stale, err := t.stale(ctx, lock)
		if stale {
			err = IgnoreMissing(t.fsys.Remove(ctx, lock))
		}
		return err
	})
}

func (t *Tree) stale(ctx context.Context, lock string) (bool, error) {
	info, err := t.fsys.Stat(ctx, lock)
	return err == nil && t.now().Sub(info.ModTime()) > staleLock, IgnoreMissing(err)
}
