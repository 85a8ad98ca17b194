package mailstore

import "context"

// Successor is a mailbox that can take the place of another one, so that clients
// go on with what they know of that. The mailboxes of both kinds of store are.
//
//	err := box.SetUIDValidity(ctx, validity)
//	… save the messages, each with its SaveOptions.UID …
//	err = box.RaiseUIDNext(ctx, next)
type Successor interface {
	Mailbox
	// SetUIDValidity gives a mailbox that has never had a message another
	// UIDVALIDITY. If it has had one, the error is an ErrUID.
	SetUIDValidity(ctx context.Context, validity uint32) error
	// RaiseUIDNext makes UIDNEXT at least next: UIDs of messages that the other
	// one has expunged must not be used again.
	RaiseUIDNext(ctx context.Context, next uint32) error
}
