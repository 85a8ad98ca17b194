package sdbox

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"path/filepath"
	"strconv"
	"strings"
)

// lastUID is the highest UID that an index can have, for UIDNEXT must be one too.
const lastUID = math.MaxUint32 - 2

// spareUID is where the UIDs begin that a file gets by mistake or malice only. If
// one that no index knows were taken in, there would be no UIDs for others.
const spareUID = lastUID - 1<<24

// names are the names of messages in a directory.
type names struct {
	uids []uint32      // of message files, unsorted
	next uint32        // above the number of everything called u.<uid>, up to spareUID
	odd  []fs.DirEntry // begins like a message, and is none
}

// names reads a directory. One that is not there has none.
func (b *box) names(ctx context.Context, dir string) (n names, err error) {
	entries, err := b.store.fsys.ReadDir(ctx, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return names{next: 1}, nil
	}
	n.next = 1
	for _, e := range entries {
		uid, ok := parseFile(e.Name())
		if ok && uid <= spareUID {
			n.next = max(n.next, uid+1)
		}
		switch {
		case ok && isFile(e):
			n.uids = append(n.uids, uid)
		case strings.HasPrefix(e.Name(), "u.") && !isAside(e.Name()):
			n.odd = append(n.odd, e)
		}
	}
	return n, err
}

// list returns the UIDs of the files in dir, unsorted; none if there is no dir.
func (b *box) list(ctx context.Context, dir string) ([]uint32, error) {
	n, err := b.names(ctx, dir)
	return n.uids, err
}

// parseFile returns the UID that a file name stands for. There is one way only
// to write it.
func parseFile(name string) (uint32, bool) {
	digits, ok := strings.CutPrefix(name, "u.")
	uid, err := strconv.ParseUint(digits, 10, 32)
	return uint32(uid), ok && err == nil && uid > 0 && uid <= lastUID && digits == strconv.FormatUint(uid, 10)
}

// isFile reports whether it is one that a message can be in; a pipe would keep
// whoever opens it.
func isFile(e fs.DirEntry) bool { return e.Type()&^fs.ModeSymlink == 0 }

// isAside reports whether a repair or a rebuild has set the file aside.
func isAside(name string) bool {
	return strings.Contains(name, ".broken") || strings.HasSuffix(name, ".expunged")
}

// isNumber reports whether the name is that of a message, but for the number.
func isNumber(name string) bool {
	digits, _ := strings.CutPrefix(name, "u.")
	return digits != "" && strings.Trim(digits, "0123456789") == ""
}

// dirOf returns one of the two directories of a mailbox.
func (b *box) dirOf(alt bool) string {
	if alt {
		return b.alt
	}
	return b.dir
}

// tooHigh reports whether a file with that UID cannot keep it, where the index
// has only UIDs below next.
func tooHigh(next, uid uint32) bool { return uid > spareUID && uid >= next }

// path is where something is that has no UID.
func (b *box) path(name string, alt bool) string { return filepath.Join(b.dirOf(alt), name) }
