package mailstore

import (
	"context"
	"iter"
)

// Mailbox is an open mailbox. It may be used from any number of goroutines.
//
// Methods that take UIDs leave out those that the mailbox has no longer: another
// process may have expunged them at any time, and that is no error.
type Mailbox interface {
	Name() string
	// Status follows other processes.
	Status(ctx context.Context) (Status, error)
	// Entries returns what the index says now, about all messages. The result
	// does not change any more.
	Entries(ctx context.Context) (Entries, error)
	// Begin starts a transaction that saves messages.
	Begin() Transaction
	// Fetch opens messages, in the order of uids; nil means all. It works ahead:
	// while the caller reads one message, the next are on their way. An error
	// that comes with a *Mail is about that message only, and the sequence goes
	// on; one without ends it. A message that the caller does not close is
	// closed when the next one comes.
	Fetch(ctx context.Context, uids []uint32, o FetchOptions) iter.Seq2[*Mail, error]
	// SetFlags changes flags and keywords, durably.
	SetFlags(ctx context.Context, uids []uint32, c FlagChange) error
	// Expunge removes messages, durably.
	Expunge(ctx context.Context, uids []uint32) error
	// Copy puts messages into another mailbox, with their flags, keywords,
	// GUIDs and times, and returns the UIDs they get there, in the order of
	// uids. All are copied or none. Within a store no bytes are copied.
	Copy(ctx context.Context, uids []uint32, to Mailbox) ([]uint32, error)
	// Move is Copy and then Expunge of the originals. A crash between the two
	// leaves both.
	Move(ctx context.Context, uids []uint32, to Mailbox) ([]uint32, error)
	// AltMove moves the files of messages to the alternate storage, or back.
	// Nothing else about them changes.
	AltMove(ctx context.Context, uids []uint32, back bool) error
	// Wait returns when somebody has changed the mailbox since the last Status
	// or Entries of this handle, or with the error of the context.
	Wait(ctx context.Context) error
	Close() error
}

// Status is a summary of a mailbox.
type Status struct {
	Messages    int
	Recent      int // not seen by any session that takes \Recent away
	Unseen      int
	UIDNext     uint32
	UIDValidity uint32
	GUID        [16]byte
	Keywords    []string // all that the mailbox knows, used or not
	// VirtualSize is the size of all messages with CRLF in bytes;
	// dboxfmt.UnknownSize if the index does not know it. Dovecot keeps it there
	// once somebody has asked for it.
	VirtualSize int64
}
