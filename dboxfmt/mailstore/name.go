package mailstore

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	// Inbox is the mailbox that always exists. Its name has no case.
	Inbox = "INBOX"
	// mailsDir is the directory of a mailbox that has its index and, in an
	// sdbox, its messages. Every other directory is a level of names.
	mailsDir = "dbox-Mails"

	maxName  = 4096 // bytes of a whole name
	maxLevel = 255  // bytes of one level on disk
)

// CleanName returns the name by which a mailbox is known: INBOX for whatever
// case it is written in, everything else as it is. Names that no directory can
// have, or that would leave the tree of mailboxes, are an [ErrName].
func CleanName(name string) (string, error) {
	if strings.EqualFold(name, Inbox) {
		return Inbox, nil
	}
	if !utf8.ValidString(name) || len(name) > maxName || strings.HasPrefix(name, "~") {
		return "", fmt.Errorf("%w: %.100q", ErrName, name)
	}
	for level := range strings.SplitSeq(name, "/") {
		if !validLevel(level) {
			return "", fmt.Errorf("%w: %.100q", ErrName, name)
		}
	}
	return name, nil
}

func validLevel(level string) bool {
	switch level {
	case "", ".", "..", mailsDir:
		return false
	}
	return !strings.ContainsRune(level, 0) && len(encodeUTF7(level)) <= maxLevel
}

// StorageName returns a name as it is on disk: modified UTF-7, "/" between
// levels.
func StorageName(name string) string {
	levels := strings.Split(name, "/")
	for i, level := range levels {
		levels[i] = encodeUTF7(level)
	}
	return strings.Join(levels, "/")
}

// ParseStorageName is the inverse of [StorageName]. What is no valid name of a
// mailbox is an [ErrName].
func ParseStorageName(stored string) (string, error) {
	levels := strings.Split(stored, "/")
	for i, level := range levels {
		var err error
		if levels[i], err = decodeUTF7(level); err != nil {
			return "", err
		}
		if strings.Contains(levels[i], "/") {
			return "", fmt.Errorf("%w: %q", ErrName, stored)
		}
	}
	return CleanName(strings.Join(levels, "/"))
}
