package mailstore

import (
	"context"
	"io"
	"time"

	"github.com/ringbox/ringbox/dboxfmt"
)

// Transaction saves messages, all or none. It is for one goroutine; any number
// of transactions can be under way in one mailbox. They have neither names nor
// UIDs before Commit, and nobody sees them.
type Transaction interface {
	// Save reads a message to its end. CRLF becomes LF, unless KeepCRLF. After an error the
	// transaction is of no use: Save and Commit return the error again.
	Save(ctx context.Context, body io.Reader, o SaveOptions) error
	// Commit makes the messages durable and visible and returns their UIDs, in
	// the order of the Saves. After an error nothing was saved, unless the
	// error is an ErrUncertain.
	Commit(ctx context.Context) (uids []uint32, err error)
	// Rollback forgets the messages. After Commit it does nothing.
	Rollback() error
}

// SaveOptions are what a message is saved with. The zero value is a delivery.
type SaveOptions struct {
	Flags    Flags
	Keywords []string
	Received time.Time // zero: now
	Saved    time.Time // zero: now
	GUID     string    // "": a new one of 32 hex digits
	POP3UIDL string
	// POP3Order is the place among the messages that POP3 clients see; 0: none.
	POP3Order uint32
	// UID is the one to use, at least UIDNext; an ErrUID if that is not
	// possible. 0: the next.
	UID uint32
	// KeepCRLF stores every byte as it is: for what comes out of a store.
	KeepCRLF bool
	// Stored is for a body that is not the text of the message, but what a
	// plugin of Dovecot has made of it by compression: the items Z and V (the
	// sizes of the text) that go with it. Every byte is stored as it is.
	Stored dboxfmt.Metadata
}
