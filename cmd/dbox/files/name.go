package files

import (
	"errors"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

var errNotRegular = errors.New("not a regular file")

// Kind says what the name of a file promises.
type Kind int

const (
	Other     Kind = iota
	Multi          // m.N: many messages
	Single         // u.N: exactly one
	Temporary      // .temp.…: of a writer that is at work, or was
	Broken         // ….broken, ….broken.N: what a repair has kept of the file before
)

var brokenName = regexp.MustCompile(`\.broken(\.[0-9]+)?$`)

// Parse looks at the name of a file; number is the N of m.N and u.N.
func Parse(path string) (kind Kind, number uint64) {
	name := filepath.Base(path)
	switch {
	case strings.HasPrefix(name, ".temp."):
		return Temporary, 0
	case brokenName.MatchString(name):
		return Broken, 0
	}
	for prefix, kind := range map[string]Kind{"m.": Multi, "u.": Single} {
		digits, ok := strings.CutPrefix(name, prefix)
		if !ok || strings.Trim(digits, "0123456789") != "" {
			continue
		}
		if n, err := strconv.ParseUint(digits, 10, 32); err == nil {
			return kind, n
		}
	}
	return Other, 0
}

// IsSingle reports whether a file must hold exactly one message: by its name.
func IsSingle(path string) bool {
	kind, _ := Parse(path)
	return kind == Single
}
