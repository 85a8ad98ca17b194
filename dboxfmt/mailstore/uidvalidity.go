package mailstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"strconv"
	"strings"

	"github.com/ringbox/ringbox/fsapi"
)

const uidvalidityFile = "dovecot-uidvalidity"

// NextUIDValidity takes the next value of the counter that all mailboxes of a
// store get their UIDVALIDITY from, so that no two mailboxes that had one name
// ever have the same. The list must not be locked.
//
// An empty marker file has the last value in its name. Renaming it takes the next
// value: of several processes one succeeds. The other file saves looking for the
// marker; it may lag behind. Where there is no marker the counter starts at the
// time, but never at or below what the other file says; only who has the list
// locked makes a marker.
func (t *Tree) NextUIDValidity(ctx context.Context) (next uint32, err error) {
	for pause := (Backoff{Limit: lockPoll}); ; {
		next, err = t.moveMarker(ctx)
		if errors.Is(err, errNoMarker) {
			err = t.Locked(ctx, func() error {
				if next, err = t.moveMarker(ctx); errors.Is(err, errNoMarker) {
					next, err = t.makeMarker(ctx)
				}
				return err
			})
		}
		if err == nil {
			return next, t.keepUIDValidity(ctx, next)
		}
		// Somebody else was faster if the marker has moved.
		if !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
		if err := pause.Pause(ctx); err != nil {
			return 0, err
		}
	}
}

var errNoMarker = errors.New("no marker")

func (t *Tree) moveMarker(ctx context.Context) (uint32, error) {
	last, err := t.lastUIDValidity(ctx)
	if err != nil {
		return 0, err
	}
	found, err := t.findUIDValidity(ctx)
	if err != nil {
		return 0, err
	}
	if found == 0 {
		return 0, errNoMarker
	}
	next, err := t.after(max(last, found))
	if err != nil {
		return 0, err
	}
	return next, t.fsys.Rename(ctx, t.marker(found), t.marker(next))
}

func (t *Tree) makeMarker(ctx context.Context) (uint32, error) {
	last, err := t.lastUIDValidity(ctx)
	if err != nil {
		return 0, err
	}
	next, err := t.after(last)
	if err != nil {
		return 0, err
	}
	next = max(next, uint32(t.now().Unix()))
	f := t.fsys.Create(t.marker(next), fsapi.FailIfExists, fsapi.Perm{Mode: 0o444})
	err = fsapi.NewWriter(ctx, f).Commit()
	return next, errors.Join(err, f.Close())
}

func (t *Tree) after(last uint32) (uint32, error) {
	if last == math.MaxUint32 {
		return 0, fmt.Errorf("%s: no values are left", t.inRoot(uidvalidityFile))
	}
	return last + 1, nil
}

func (t *Tree) marker(value uint32) string {
	return t.inRoot(fmt.Sprintf("%s.%08x", uidvalidityFile, value))
}

// findUIDValidity returns the value of the highest marker, 0 if there is none.
func (t *Tree) findUIDValidity(ctx context.Context) (highest uint32, err error) {
	entries, err := t.fsys.ReadDir(ctx, t.root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	for _, e := range entries {
		if digits, ok := strings.CutPrefix(e.Name(), uidvalidityFile+"."); ok {
			highest = max(highest, parseUIDValidity(digits))
		}
	}
	return highest, nil
}

// lastUIDValidity reads the file, whose content is 0 if it makes no sense.
func (t *Tree) lastUIDValidity(ctx context.Context) (uint32, error) {
	b, err := t.readSmall(ctx, uidvalidityFile)
	return parseUIDValidity(string(b)), err
}

func parseUIDValidity(digits string) uint32 {
	if len(digits) != 8 {
		return 0
	}
	value, err := strconv.ParseUint(digits, 16, 32)
	if err != nil {
		return 0
	}
	return uint32(value)
}

func (t *Tree) keepUIDValidity(ctx context.Context, value uint32) error {
	f := t.fsys.Create(t.inRoot(uidvalidityFile), fsapi.ReplaceIfExists, fsapi.Perm{Mode: 0o600})
	defer f.Close()
	w := fsapi.NewWriter(ctx, f)
	if _, err := fmt.Fprintf(w, "%08x", value); err != nil {
		return err
	}
	return w.Commit()
}

// readSmall reads a file of the root; one that is not there is empty.
func (t *Tree) readSmall(ctx context.Context, name string) ([]byte, error) {
	f := t.fsys.Open(t.inRoot(name), fsapi.ReadOnly)
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(fsapi.NewReader(ctx, f), maxSmall+1))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err == nil && len(b) > maxSmall:
		return nil, fmt.Errorf("%s: longer than %d bytes", f.Path(), maxSmall)
	}
	return b, err
}

const maxSmall = 64 << 20
