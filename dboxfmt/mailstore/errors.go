package mailstore

import "errors"

// What goes wrong in stores, beside fs.ErrNotExist, fs.ErrExist, the errors of
// dboxfmt about message files, and those of mailindex about indexes. Errors
// come wrapped in what they are about: mailbox, uid, file, offset.
var (
	// ErrName: not a name of a mailbox, or one that a file system cannot have.
	ErrName = errors.New("mailstore: invalid mailbox name")
	// ErrKeyword: not a name that a keyword can have in IMAP.
	ErrKeyword = errors.New("mailstore: invalid keyword")
	// ErrCorrupt: index and files contradict each other; Rebuild puts that
	// right.
	ErrCorrupt = errors.New("mailstore: store needs a rebuild")
	// ErrUID: the UID asked for is below UIDNext, or no UIDs are left.
	ErrUID = errors.New("mailstore: uid not available")
	// ErrDeleted: the mailbox was deleted while it was open.
	ErrDeleted = errors.New("mailstore: mailbox has been deleted")
	// ErrUncertain: a failure came after the point of no return; whether the
	// change is durable is not known.
	ErrUncertain = errors.New("mailstore: outcome not known")
	// ErrFinished: the transaction has been committed or rolled back.
	ErrFinished = errors.New("mailstore: transaction is finished")
)
