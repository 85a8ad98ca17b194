package mailindex

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"runtime"
	"slices"
)

// View is an index at one moment. It does not change; sequence numbers in it
// stay what they are. It may be used from any number of goroutines, also after
// its Index has moved on. It needs no closing. Methods with a context may read
// pages of the main index.
type View struct{ st *state }

// View returns the index as of the last Refresh, Lock or Append.
func (x *Index) View(ctx context.Context) (*View, error) {
	if err := x.enter(ctx); err != nil {
		return nil, err
	}
	defer x.leave()
	if x.damage != nil && !errors.Is(x.damage, ErrCorrupt) { // half of something is in the state
		if err := x.reload(ctx); err != nil {
			return nil, err
		}
	}
	return x.snapshot(), nil
}

func (x *Index) snapshot() *View {
	if x.view == nil {
		x.view = &View{x.st.freeze()}
		// The main index stays open until nobody needs this view any more.
		runtime.AddCleanup(x.view, (*source).release, x.view.st.records.base.in)
	}
	return x.view
}

// Header returns the base header. What it says of the log is as of the main
// index that was read; see Log.
func (v *View) Header() Header {
	h := v.st.head
	h.Messages = uint32(v.Count())
	h.Seen, h.Deleted = min(h.Seen, h.Messages), min(h.Deleted, h.Messages)
	return h
}

// Count returns the number of messages.
func (v *View) Count() int { return v.st.records.count() }

// NextUID returns the uid that the next message will get at least.
func (v *View) NextUID() uint32 { return v.st.head.NextUID }

// UIDValidity returns the UIDVALIDITY; 0: it has not been set yet.
func (v *View) UIDValidity() uint32 { return v.st.head.UIDValidity }

// LogPosition is a place in the logs.
type LogPosition struct {
	Seq    uint32
	Offset int64 // bytes from the start of that log
}

// Log returns the place in the logs that the view is at, and the one up to
// which everything is done in storage. They differ while a writer is at work,
// and when one has died at it.
func (v *View) Log() (head, tail LogPosition) {
	head = LogPosition{v.st.seq, v.st.offset}
	tail = head
	if v.st.undone >= 0 {
		tail.Offset = v.st.undone
	}
	return head, tail
}

// ModSeq returns the highest modification sequence, if the index keeps them for
// its messages; else it need not be exact.
func (v *View) ModSeq() uint64 { return v.st.modSeq }

// Keywords returns the names of the keywords, in the order of their numbers. It
// must not be changed.
func (v *View) Keywords() []string { return v.st.keywords }

// Extensions returns what extensions there are, in the order of their numbers.
func (v *View) Extensions() []Extension {
	list := make([]Extension, len(v.st.exts))
	for i, e := range v.st.exts {
		list[i] = Extension{e.name, len(e.header), v.st.records.fields[i].size, e.align}
	}
	return list
}

// ExtHeader returns the header data of an extension, nil if it is not there. It
// must not be changed.
func (v *View) ExtHeader(name string) []byte {
	if i := find(v.st.exts, name); i >= 0 {
		return v.st.exts[i].header
	}
	return nil
}

// Field returns the number of an extension, negative if it is not there.
func (v *View) Field(name string) Field { return Field(find(v.st.exts, name)) }

// At returns the message with a sequence number, 1 to Count.
func (v *View) At(ctx context.Context, seq int) (Message, error) {
	if seq < 1 || seq > v.Count() {
		return Message{}, ErrNoMessage
	}
	return v.message(ctx, seq, v.st.records.place(seq-1))
}

func (v *View) message(ctx context.Context, seq, place int) (Message, error) {
	rec, fields, err := v.st.records.read(ctx, place)
	if err != nil {
		return Message{}, err
	}
	return Message{seq, u32(rec), Flags(rec[4]), rec, fields, v.st}, nil
}

// Find returns the message with a uid. One that is not there is ErrNoMessage.
func (v *View) Find(ctx context.Context, uid uint32) (Message, error) {
	seq, err := v.From(ctx, uid)
	if err != nil {
		return Message{}, err
	}
	m, err := v.At(ctx, seq)
	if err == nil && m.UID != uid {
		err = ErrNoMessage
	}
	return m, err
}

// From returns the sequence number of the first message whose uid is not less
// than uid, Count()+1 if there is none.
func (v *View) From(ctx context.Context, uid uint32) (int, error) {
	place, err := v.st.records.search(ctx, uid)
	if err != nil {
		return 0, err
	}
	seq, _ := v.st.records.seq(place)
	return seq + 1, nil
}

// All returns the messages with sequence numbers from first to last. It ends
// with the first error.
func (v *View) All(ctx context.Context, first, last int) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for seq := max(first, 1); seq <= min(last, v.Count()); seq++ {
			m, err := v.At(ctx, seq)
			if !yield(m, err) || err != nil {
				return
			}
		}
	}
}

// Expunge names a message to be expunged, by its GUID as well if it is known.
type Expunge struct {
	UID  uint32
	GUID [16]byte // zero: not told
}

// Requested returns the messages that somebody has asked to expunge, and that
// are still there. They are in the view like all others.
func (v *View) Requested(ctx context.Context) (list []Expunge, err error) {
	for _, q := range v.st.requests {
		err := v.st.eachLive(ctx, q.uids, false, func(place int) error {
			rec, _, err := v.st.records.read(ctx, place)
			if err == nil {
				list = append(list, Expunge{u32(rec), q.guid})
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(list, func(a, b Expunge) int { return cmp.Compare(a.UID, b.UID) })
	return slices.CompactFunc(list, func(a, b Expunge) bool { return a.UID == b.UID }), nil
}
