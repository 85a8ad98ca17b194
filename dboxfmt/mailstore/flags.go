package mailstore

import "github.com/ringbox/ringbox/dboxfmt/mailindex"

// Flags are the system flags of a message, with the bits they have in the index.
// \Recent is none of them: it follows from the UID.
type Flags = mailindex.Flags

// The flags that clients set.
const (
	Answered = mailindex.Answered
	Flagged  = mailindex.Flagged
	Deleted  = mailindex.Deleted
	Seen     = mailindex.Seen
	Draft    = mailindex.Draft

	AllFlags = Answered | Flagged | Deleted | Seen | Draft
)

// FlagChange says what SetFlags does. Keywords compare without regard to case.
type FlagChange struct {
	// Replace: the messages have the flags and keywords of Add and no others.
	// Remove and RemoveKeywords are not looked at then.
	Replace                     bool
	Add, Remove                 Flags
	AddKeywords, RemoveKeywords []string
}
