package mdbox

import (
	"path/filepath"
	"strconv"
	"strings"
)

// Names in the root directory of a store.
const (
	storageDir    = "storage"
	altLink       = "dbox-alt-root" // a symbolic link to the root of the alternate storage
	mapIndex      = "dovecot.map.index"
	boxIndexName  = "dovecot.index"
	tempPrefix    = ".temp."
	brokenExt     = ".broken"
	messagePrefix = "m."
)

// layout knows where the files of a store are.
type layout struct {
	storage string
	alt     string // directory of the message files in the alternate storage
}

func newLayout(root, alt string) layout {
	if alt == "" {
		alt = filepath.Join(root, altLink)
	}
	return layout{storage: filepath.Join(root, storageDir), alt: filepath.Join(alt, storageDir)}
}

// message is the path of a message file in the primary storage or in the
// alternate one.
func (l layout) message(id uint32, alt bool) string {
	dir := l.storage
	if alt {
		dir = l.alt
	}
	return filepath.Join(dir, messagePrefix+strconv.FormatUint(uint64(id), 10))
}

// parseMessageFile is the inverse of the name that message gives: decimal,
// without leading zeros, not 0.
func parseMessageFile(name string) (id uint32, ok bool) {
	digits, ok := strings.CutPrefix(name, messagePrefix)
	n, err := strconv.ParseUint(digits, 10, 32)
	if !ok || err != nil || n == 0 || strconv.FormatUint(n, 10) != digits {
		return 0, false
	}
	return uint32(n), true
}
