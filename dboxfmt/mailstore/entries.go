package mailstore

import (
	"context"
	"errors"
	"iter"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
)

// Entry is what the index alone says about a message.
type Entry struct {
	UID      uint32
	Flags    Flags // of AllFlags
	Keywords []string
	Recent   bool
	Alt      bool // its file is in the alternate storage
}

// NewEntry returns the entry of a message of an index.
func NewEntry(m mailindex.Message) Entry {
	return Entry{
		UID: m.UID, Flags: m.Flags & AllFlags, Keywords: m.Keywords(), Recent: m.Recent(),
		Alt: m.Flags&mailindex.Backend != 0,
	}
}

// Entries are the messages of a mailbox at one time, by ascending UID. They do
// not change, need no closing, and may be used from any number of goroutines.
// Methods with a context may have to read a page of the index.
type Entries struct{ View *mailindex.View }

// Len returns the number of messages.
func (e Entries) Len() int { return e.View.Count() }

// At returns the entry at place i, 0 to Len()-1.
func (e Entries) At(ctx context.Context, i int) (Entry, error) {
	m, err := e.View.At(ctx, i+1)
	if err != nil {
		return Entry{}, err
	}
	return NewEntry(m), nil
}

// ByUID returns the entry of a UID, if there is one.
func (e Entries) ByUID(ctx context.Context, uid uint32) (Entry, bool, error) {
	m, err := e.View.Find(ctx, uid)
	if errors.Is(err, mailindex.ErrNoMessage) {
		return Entry{}, false, nil
	}
	if err != nil {
		return Entry{}, false, err
	}
	return NewEntry(m), true, nil
}

// All returns all entries. It ends with the first error.
func (e Entries) All(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for m, err := range e.View.All(ctx, 1, e.Len()) {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			if !yield(NewEntry(m), nil) {
				return
			}
		}
	}
}
