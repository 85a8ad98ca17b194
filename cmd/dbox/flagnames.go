package main

import (
	"strings"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// flagHelp explains how flags are written.
const flagHelp = `
Flags are written as in IMAP, with or without the backslash, which shells want quoted:
seen, answered, flagged, deleted, draft. Every other word is a keyword: Work, '$Junk'.
`

// systemFlags are the flags with the names that IMAP has for them.
var systemFlags = []struct {
	flag mailstore.Flags
	name string
}{
	{mailstore.Answered, `\Answered`},
	{mailstore.Flagged, `\Flagged`},
	{mailstore.Deleted, `\Deleted`},
	{mailstore.Seen, `\Seen`},
	{mailstore.Draft, `\Draft`},
}

// parseFlags tells flags from keywords.
func parseFlags(words []string) (flags mailstore.Flags, keywords []string, err error) {
	for _, word := range words {
		if f := systemFlag(word); f != 0 {
			flags |= f
		} else {
			keywords = append(keywords, word)
		}
	}
	if err := mailstore.CheckKeywords(keywords); err != nil {
		return 0, nil, usageError{err}
	}
	return flags, keywords, nil
}

// systemFlag is 0 for a keyword.
func systemFlag(word string) mailstore.Flags {
	for _, f := range systemFlags {
		if strings.EqualFold(strings.TrimPrefix(word, `\`), f.name[1:]) {
			return f.flag
		}
	}
	return 0
}

// flagNames are the names of everything that is set, as IMAP has them.
func flagNames(e mailstore.Entry) []string {
	names := []string{}
	for _, f := range systemFlags {
		if e.Flags&f.flag != 0 {
			names = append(names, f.name)
		}
	}
	return append(names, e.Keywords...)
}
