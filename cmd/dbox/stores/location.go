package stores

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Kind is a kind of store, as Dovecot names it. The zero value stands for: not
// said.
type Kind string

const (
	Single Kind = "sdbox"
	Multi  Kind = "mdbox"
)

// Location says where a store is, or is to be.
type Location struct {
	Kind Kind
	Root string
	Alt  string // root of the alternate storage; "": where ROOT/dbox-alt-root leads to
}

// parameter is a further part of a location in Dovecot's notation.
var parameter = regexp.MustCompile(`:([A-Z]+)=`)

// Parse reads KIND:PATH or PATH, with :ALT=PATH behind it or without, as in
// Dovecot's mail_location. "~/" stands for the home directory, since a shell
// does not look behind a colon.
func Parse(text string) (Location, error) {
	var l Location
	rest := text
	for _, kind := range []Kind{Single, Multi} {
		if path, ok := strings.CutPrefix(text, string(kind)+":"); ok {
			l.Kind, rest = kind, path
		}
	}
	marks := parameter.FindAllStringSubmatchIndex(rest, -1)
	for i, mark := range marks {
		end := len(rest)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		if key := rest[mark[2]:mark[3]]; key != "ALT" {
			return Location{}, fmt.Errorf("%s: %s= is not supported: a store has its indexes beside its mail", text, key)
		}
		l.Alt = rest[mark[1]:end]
		if l.Alt == "" {
			return Location{}, fmt.Errorf("%s: no path behind ALT=", text)
		}
	}
	l.Root = rest
	if len(marks) > 0 {
		l.Root = rest[:marks[0][0]]
	}
	if l.Root == "" {
		return Location{}, fmt.Errorf("%q: no path", text)
	}
	var err error
	if l.Root, err = expandHome(l.Root); err == nil {
		l.Alt, err = expandHome(l.Alt)
	}
	return l, err
}

func expandHome(path string) (string, error) {
	rest, ok := strings.CutPrefix(path, "~/")
	if !ok {
		return path, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errors.Join(fmt.Errorf("%s: no home directory", path), err)
	}
	return filepath.Join(home, rest), nil
}

// AltRoot is where to look for the alternate storage.
func (l Location) AltRoot() string {
	if l.Alt != "" {
		return l.Alt
	}
	return filepath.Join(l.Root, altLink)
}

// String is the location in Dovecot's notation.
func (l Location) String() string {
	text := l.Root
	if l.Kind != "" {
		text = string(l.Kind) + ":" + text
	}
	if l.Alt != "" {
		text += ":ALT=" + l.Alt
	}
	return text
}
