package mailstore

import "context"

// Store is the mail store of one user. Mailbox names are UTF-8 with "/" between
// levels, whatever they are on disk. All methods may be called from any number
// of goroutines, and other processes may use the store at the same time.
type Store interface {
	// Mailboxes returns all mailboxes, and the names above them that are none
	// themselves, sorted by name.
	Mailboxes(ctx context.Context) ([]MailboxInfo, error)
	// Create makes an empty mailbox, with the levels above it. A mailbox that
	// is there already is an fs.ErrExist.
	Create(ctx context.Context, name string) error
	// Delete removes a mailbox with its messages; mailboxes below it stay. A
	// mailbox that is not there is an fs.ErrNotExist. INBOX cannot be deleted.
	Delete(ctx context.Context, name string) error
	// Rename gives a mailbox, and those below it, another name. It fails with
	// fs.ErrNotExist or fs.ErrExist. INBOX cannot be renamed.
	Rename(ctx context.Context, from, to string) error
	// Subscriptions returns the subscribed names, sorted. They need not exist.
	Subscriptions(ctx context.Context) ([]string, error)
	// Subscribe puts a name on the list, or takes it off.
	Subscribe(ctx context.Context, name string, on bool) error
	// Open opens a mailbox. One that is not there is an fs.ErrNotExist, but
	// INBOX is created. The caller must Close it.
	Open(ctx context.Context, name string) (Mailbox, error)
	// Purge gives the space of expunged messages back.
	Purge(ctx context.Context) (PurgeReport, error)
	// Rebuild makes the indexes anew from the message files and from what is
	// left of the indexes. It repairs damaged message files and keeps the
	// originals under .broken.
	Rebuild(ctx context.Context) (*RebuildReport, error)
	// Verify joins indexes and files and calls report for everything that does
	// not fit. It changes nothing. Its own error says that it could not look.
	Verify(ctx context.Context, report func(Problem)) error
	// Close gives the store back; mailboxes that are open stay usable no more.
	Close() error
}

// MailboxInfo is one line of the list of mailboxes.
type MailboxInfo struct {
	Name string
	// Selectable: it can be opened, it is not just a level above others.
	Selectable bool
	Subscribed bool
}
