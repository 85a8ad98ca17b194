package mailstore

// FetchOptions are the choices of Mailbox.Fetch.
type FetchOptions struct {
	// Verify compares bodies with their checksum, where they have one.
	Verify bool
	// Ahead is how many messages to have on their way beside the one that the
	// caller has; 0 means 16, a negative number none.
	Ahead int
}
