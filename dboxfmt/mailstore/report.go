package mailstore

import "fmt"

// Problem is something that Verify has found.
type Problem struct {
	Mailbox string // "" when it is about the whole store
	UID     uint32 // 0 when it is not about a message of a mailbox
	File    string
	Offset  int64 // in File, in bytes
	Err     error // what is wrong
	// Harmless: nobody misses a message because of it, and Rebuild or Purge cleans
	// it up.
	Harmless bool
}

// String returns the problem as one line.
func (p Problem) String() string {
	s := ""
	if p.Mailbox != "" {
		s += fmt.Sprintf("mailbox %q: ", p.Mailbox)
	}
	if p.UID != 0 {
		s += fmt.Sprintf("uid %d: ", p.UID)
	}
	if p.File != "" {
		s += fmt.Sprintf("%s at %d: ", p.File, p.Offset)
	}
	return s + p.Err.Error()
}

// RebuildReport says what Rebuild did.
type RebuildReport struct {
	Mailboxes int // looked at
	Messages  int // in the mailboxes afterwards
	Added     int // that no index had
	Dropped   int // that an index had and no file
	Expunged  int // files left from expunged messages, removed
	Repaired  int // message files written anew
	// Notes are one line each about what is not as it was, for people.
	Notes []string
}

// PurgeReport says what Purge did.
type PurgeReport struct {
	Files    int   // message files written anew or removed
	Messages int   // expunged messages whose bytes are gone
	Bytes    int64 // of space given back
}
