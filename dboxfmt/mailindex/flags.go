package mailindex

import "strings"

// Flags are the flags of one message. \Recent is not among them: see
// Header.FirstRecentUID.
type Flags uint8

const (
	Answered Flags = 1 << iota
	Flagged
	Deleted
	Seen
	Draft
	_
	Backend // for the store: single-dbox sets it for a message in alternative storage
	Dirty   // not used by dbox
)

// flagNames are the names in IMAP.
var flagNames = [...]string{`\Answered`, `\Flagged`, `\Deleted`, `\Seen`, `\Draft`}

// String lists the IMAP names, separated by spaces.
func (f Flags) String() string {
	var names []string
	for i, name := range flagNames {
		if f&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// number is 1 if f has flag.
func (f Flags) number(flag Flags) uint32 {
	if f&flag != 0 {
		return 1
	}
	return 0
}
