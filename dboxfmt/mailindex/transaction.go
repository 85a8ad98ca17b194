package mailindex

import (
	"encoding/binary"
	"slices"
)

// Transaction collects changes that are written together: readers see all of
// them or none. The zero value is empty. It belongs to one goroutine at a time,
// and is written once, by Locked.Append, Locked.Reset or Index.Commit.
//
// What a change would contradict (a uid that is not there) is passed over, as
// Dovecot does. Uids are those of the index; new messages get theirs when the
// transaction is written.
type Transaction struct {
	// Unsynced writes the changes as not done in storage yet: whoever reads the
	// index sees them, and that they have to be finished, until Done. Dovecot
	// writes the map of multi-dbox so, and changes of flags. Otherwise they are
	// done; requests to expunge never are.
	Unsynced bool

	added    []*Added
	flags    []flagChange
	keywords []keywordChange
	exts     []*extChange
	expunged []Expunge
	requests []Expunge
	header   []headerChange
	done     bool
	deleted  bool
}

// Added is a message that a transaction adds.
type Added struct {
	tx       *Transaction
	flags    Flags
	keywords []string
	want     uint32
	uid      uint32
}

// UID returns the message's uid, 0 before the transaction has been written.
func (a *Added) UID() uint32 { return a.uid }

// SetExt sets the message's data of an extension. data must not be changed
// until the transaction has been written.
func (a *Added) SetExt(e Extension, data []byte) {
	c := a.tx.ext(e)
	c.values = append(c.values, extValue{added: a, data: data})
}

type flagChange struct {
	uids        UIDRange
	add, remove Flags
}

type keywordChange struct {
	uids UIDRange
	name string
	add  bool
	all  bool // all keywords go
}

type headerChange struct {
	offset int
	data   []byte
}

// extChange is what happens to one extension.
type extChange struct {
	Extension
	reset      bool
	resetID    uint32
	preserve   bool
	header     []headerChange
	values     []extValue
	increments []Increment
}

type extValue struct {
	added *Added // or uid
	uid   uint32
	data  []byte
}

// Append adds a message. It gets the next uid when the transaction is written:
// the first one View.NextUID, and so on in the order of the calls.
func (t *Transaction) Append(flags Flags, keywords ...string) *Added {
	return t.AppendUID(0, flags, keywords...)
}

// AppendUID adds a message with a given uid, which must be higher than any
// before. 0 means the next one.
func (t *Transaction) AppendUID(uid uint32, flags Flags, keywords ...string) *Added {
	a := &Added{tx: t, flags: flags, keywords: keywords, want: uid}
	t.added = append(t.added, a)
	return a
}

// SetFlags adds and removes flags of messages.
func (t *Transaction) SetFlags(uids UIDRange, add, remove Flags) {
	t.flags = append(t.flags, flagChange{uids, add, remove})
}

// AddKeyword gives messages a keyword. Case does not count.
func (t *Transaction) AddKeyword(uids UIDRange, name string) {
	t.keywords = append(t.keywords, keywordChange{uids: uids, name: name, add: true})
}

// RemoveKeyword takes a keyword from messages.
func (t *Transaction) RemoveKeyword(uids UIDRange, name string) {
	t.keywords = append(t.keywords, keywordChange{uids: uids, name: name})
}

// ResetKeywords takes all keywords from messages.
func (t *Transaction) ResetKeywords(uids UIDRange) {
	t.keywords = append(t.keywords, keywordChange{uids: uids, all: true})
}

// Expunge removes a message. The store has taken it out of storage before, or
// does so when the transaction has been written.
func (t *Transaction) Expunge(e Expunge) { t.expunged = append(t.expunged, e) }

// RequestExpunge asks that a message be expunged, by whoever next brings storage
// in line with the index. It stays in views until then; see View.Requested.
func (t *Transaction) RequestExpunge(e Expunge) { t.requests = append(t.requests, e) }

// SetExtHeader overwrites header data of an extension from offset on, and makes
// the extension if it is not there. data must not be changed until the
// transaction has been written.
func (t *Transaction) SetExtHeader(e Extension, offset int, data []byte) {
	c := t.ext(e)
	c.header = append(c.header, headerChange{offset, data})
}

// SetExt sets a message's data of an extension, and makes the extension if it is
// not there. Shorter data than its record size is filled with zeros. data must
// not be changed until the transaction has been written.
func (t *Transaction) SetExt(e Extension, uid uint32, data []byte) {
	c := t.ext(e)
	c.values = append(c.values, extValue{uid: uid, data: data})
}

// Increment adds to the number that a message's data of an extension is, of 1,
// 2, 4 or 8 bytes. A sum that does not fit refuses the transaction.
func (t *Transaction) Increment(e Extension, uid uint32, diff int32) {
	c := t.ext(e)
	c.increments = append(c.increments, Increment{uid, diff})
}

// ResetExt gives an extension another reset id, and zeros its data in the header
// and in all messages unless preserve is set. Other changes of the transaction
// to the extension come after that.
func (t *Transaction) ResetExt(e Extension, resetID uint32, preserve bool) {
	c := t.ext(e)
	c.reset, c.resetID, c.preserve = true, resetID, preserve
}

// ext returns what happens to e, with the largest sizes that were declared.
func (t *Transaction) ext(e Extension) *extChange {
	for _, c := range t.exts {
		if c.Name == e.Name {
			c.HeaderSize, c.RecordSize = max(c.HeaderSize, e.HeaderSize), max(c.RecordSize, e.RecordSize)
			c.Align = max(c.Align, e.Align)
			return c
		}
	}
	c := &extChange{Extension: e}
	t.exts = append(t.exts, c)
	return c
}

// SetUIDValidity sets the UIDVALIDITY of a new index.
func (t *Transaction) SetUIDValidity(v uint32) { t.setHeader(offsetUIDValidity, v) }

// SetNextUID raises the next uid, after the messages that the transaction adds.
// It is never lowered.
func (t *Transaction) SetNextUID(uid uint32) { t.setHeader(offsetNextUID, uid) }

// SetFirstRecentUID says that messages below uid are not \Recent any more.
func (t *Transaction) SetFirstRecentUID(uid uint32) { t.setHeader(offsetFirstRecent, uid) }

func (t *Transaction) setHeader(offset int, v uint32) {
	t.SetHeader(offset, binary.LittleEndian.AppendUint32(nil, v))
}

// SetHeader overwrites bytes of the base header (see Header) from offset on.
func (t *Transaction) SetHeader(offset int, data []byte) {
	t.header = append(t.header, headerChange{offset, slices.Clone(data)})
}

// Done says that everything up to the end of this transaction is done in
// storage; see Locked.Done.
func (t *Transaction) Done() { t.done = true }

// MarkDeleted says that the mailbox is deleted. Whoever refreshes gets ErrGone.
func (t *Transaction) MarkDeleted() { t.deleted = true }

// same reports whether two changes differ in their uids only.
func (c keywordChange) same(d keywordChange) bool {
	c.uids, d.uids = UIDRange{}, UIDRange{}
	return c == d
}
