package mailindex

import (
	"context"
	"encoding/binary"
	"maps"
	"slices"
	"sort"
)

// records are the messages of an index: those of the main index, less what has
// changed since. A message has a place, which it keeps until the main index is
// read again: first come those of base, then those in added. Places of expunged
// messages are in gone. A sequence number counts the places that are left.
//
// freeze hands out a copy that does not change any more. It costs nothing: what
// both have is copied when it is about to change, and appending to added does
// not change what a copy sees of it.
type records struct {
	base    *base
	fields  []field // of the extensions, in changed and added
	stride  int     // bytes of a record there
	changed map[uint32]*change
	added   []byte
	gone    []uint32 // ascending

	age    uint32 // counts freezes: what is older belongs to copies as well
	own    uint32 // the age at which changed and gone became our own
	frozen int    // records of added that copies see
	memAge uint32 // the age at which base.mem became our own; valid if memOwn
	memOwn bool   // base.mem is ours and has this layout
}

// change is a record of base that has changed.
type change struct {
	age uint32
	rec []byte
}

// maxChanged is how many records of base are changed one by one; beyond, all
// records are brought together in memory.
const maxChanged = 4096

func newRecords(b *base, fields []field) *records {
	return &records{base: b, fields: slices.Clone(fields), stride: max(b.stride, recordFixed), changed: map[uint32]*change{}}
}

// freeze returns a copy that stays as it is.
func (r *records) freeze() *records {
	r.age++
	r.frozen = r.places() - r.base.n
	frozen := *r
	frozen.fields = slices.Clip(frozen.fields)
	return &frozen
}

func (r *records) places() int { return r.base.n + len(r.added)/r.stride }

// count is how many messages there are.
func (r *records) count() int { return r.places() - len(r.gone) }

// place returns the place of the message with that number, from 0.
func (r *records) place(seq int) int {
	k := sort.Search(len(r.gone), func(k int) bool { return int(r.gone[k])-k > seq })
	return seq + k
}

// seq returns the number, from 0, of the message at a place, or of the next one
// if it is gone.
func (r *records) seq(place int) (seq int, there bool) {
	k, gone := slices.BinarySearch(r.gone, uint32(place))
	return place - k, !gone
}

// search returns the first place whose uid is not less than uid.
func (r *records) search(ctx context.Context, uid uint32) (int, error) {
	if len(r.added) == 0 || uid < u32(r.added) {
		return r.base.search(ctx, uid)
	}
	n := len(r.added) / r.stride
	// New uids mostly follow each other.
	if i := int(uid - u32(r.added)); i < n && u32(r.added[i*r.stride:]) == uid {
		return r.base.n + i, nil
	}
	return r.base.n + sort.Search(n, func(i int) bool { return u32(r.added[i*r.stride:]) >= uid }), nil
}

// locate returns the places of the uids first to last, gone ones included.
func (r *records) locate(ctx context.Context, u uidRange) (lo, hi int, err error) {
	if lo, err = r.search(ctx, u.first); err != nil {
		return 0, 0, err
	}
	switch {
	case u.last == 1<<32-1:
		return lo, r.places(), nil
	case u.first == u.last:
		return r.one(ctx, u.first, lo)
	}
	hi, err = r.search(ctx, u.last+1)
	return lo, hi, err
}

// one is locate for one uid, which is at place lo if anywhere.
func (r *records) one(ctx context.Context, uid uint32, lo int) (int, int, error) {
	if lo == r.places() {
		return lo, lo, nil
	}
	rec, _, err := r.read(ctx, lo)
	if err != nil || u32(rec) != uid {
		return lo, lo, err
	}
	return lo, lo + 1, nil
}

// read returns the record at a place and where its fields are. It must not be
// changed, nor kept longer than r.
func (r *records) read(ctx context.Context, place int) ([]byte, []field, error) {
	if i := place - r.base.n; i >= 0 {
		return r.added[i*r.stride : (i+1)*r.stride], r.fields, nil
	}
	if c, ok := r.changed[uint32(place)]; ok {
		return c.rec, r.fields, nil
	}
	rec, err := r.base.record(ctx, place)
	return rec, r.base.fields, err
}

// write returns the record at a place in the layout of r.fields, for changing it.
func (r *records) write(ctx context.Context, place int) ([]byte, error) {
	if i := place - r.base.n; i >= 0 {
		if i < r.frozen {
			r.added, r.frozen = slices.Clone(r.added), 0
		}
		return r.added[i*r.stride : (i+1)*r.stride], nil
	}
	c := r.changed[uint32(place)]
	if c == nil && r.memOwn && r.memAge == r.age {
		return r.base.record(ctx, place)
	}
	if c != nil && c.age == r.age {
		return c.rec, nil
	}
	var rec []byte
	if c != nil {
		rec = slices.Clone(c.rec)
	} else {
		old, err := r.base.record(ctx, place)
		if err != nil {
			return nil, err
		}
		rec = convert(make([]byte, r.stride), old, r.fields, r.base.fields)
	}
	r.owned()
	r.changed[uint32(place)] = &change{r.age, rec}
	return rec, nil
}

// owned makes sure that no copy sees changed and gone.
func (r *records) owned() {
	if r.own != r.age {
		r.changed, r.gone, r.own = maps.Clone(r.changed), slices.Clone(r.gone), r.age
	}
}

// convert copies a record from one layout to another into dst, which is zero.
func convert(dst, rec []byte, to, from []field) []byte {
	copy(dst, rec[:recordFixed])
	for i := range min(len(to), len(from)) {
		copy(dst[to[i].offset:to[i].offset+to[i].size], get(rec, from, i))
	}
	return dst
}

// append adds a message with a uid above all others.
func (r *records) append(uid uint32, flags Flags) {
	rec := make([]byte, r.stride)
	binary.LittleEndian.PutUint32(rec, uid)
	rec[4] = byte(flags)
	r.added = append(r.added, rec...)
}

// remove takes out the message at a place; false: it is gone already.
func (r *records) remove(place int) bool {
	k, gone := slices.BinarySearch(r.gone, uint32(place))
	if gone {
		return false
	}
	if k < len(r.gone) {
		r.owned()
	}
	r.gone = slices.Insert(r.gone, k, uint32(place))
	return true
}

// prepare is told that n records from base will be written. If they are many,
// all records come together in memory, where they are changed in place.
func (r *records) prepare(ctx context.Context, n int) error {
	if n+len(r.changed) <= maxChanged || r.memOwn && r.memAge == r.age {
		return nil
	}
	return r.gather(ctx)
}

// gather brings all records together in memory, in the layout of r.fields.
// Places stay what they are.
func (r *records) gather(ctx context.Context) error {
	mem := make([]byte, r.base.n*r.stride)
	err := r.base.scan(ctx, 0, r.base.n, func(i int, rec []byte) error {
		to := mem[i*r.stride : (i+1)*r.stride]
		if c, ok := r.changed[uint32(i)]; ok {
			copy(to, c.rec)
		} else {
			convert(to, rec, r.fields, r.base.fields)
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.rebase(&base{n: r.base.n, stride: r.stride, fields: slices.Clone(r.fields), next: r.base.next, mem: mem})
	r.memOwn, r.memAge = true, r.age
	return nil
}

// rebase puts another base in the place of this one, with the same messages in
// it, changes included.
func (r *records) rebase(b *base) {
	r.base.in.release()
	r.base, r.changed, r.memOwn = b, map[uint32]*change{}, false
}

// setFields changes the layout: fields has at least as many entries as before.
func (r *records) setFields(fields []field, stride int) {
	old, was := r.fields, r.stride
	r.fields, r.stride, r.memOwn = fields, stride, false
	r.owned()
	for place, c := range r.changed {
		r.changed[place] = &change{r.age, convert(make([]byte, stride), c.rec, fields, old)}
	}
	n := len(r.added) / was
	added := make([]byte, n*stride)
	for i := range n {
		convert(added[i*stride:(i+1)*stride], r.added[i*was:(i+1)*was], fields, old)
	}
	r.added, r.frozen = added, 0
}

// clear zeros the field of an extension in all records.
func (r *records) clear(number int) {
	if number < len(r.base.fields) && r.base.fields[number].size > 0 {
		b := *r.base
		b.fields = slices.Clone(b.fields)
		b.fields[number] = field{recordFixed, 0}
		r.base, r.memOwn = &b, false
	}
	f := r.fields[number]
	if f.size == 0 {
		return
	}
	r.setFields(r.fields, r.stride) // makes all records our own
	for _, c := range r.changed {
		clear(c.rec[f.offset : f.offset+f.size])
	}
	for at := 0; at < len(r.added); at += r.stride {
		clear(r.added[at+f.offset : at+f.offset+f.size])
	}
}

// each calls fn with all messages in order, without filling the pages of base.
func (r *records) each(ctx context.Context, fn func(rec []byte, fields []field) error) error {
	gone := r.gone
	isGone := func(place int) bool {
		if len(gone) == 0 || gone[0] != uint32(place) {
			return false
		}
		gone = gone[1:]
		return true
	}
	err := r.base.scan(ctx, 0, r.base.n, func(i int, rec []byte) error {
		if isGone(i) {
			return nil
		}
		if c, ok := r.changed[uint32(i)]; ok {
			return fn(c.rec, r.fields)
		}
		return fn(rec, r.base.fields)
	})
	for i := r.base.n; i < r.places() && err == nil; i++ {
		if !isGone(i) {
			rec := r.added[(i-r.base.n)*r.stride:]
			err = fn(rec[:r.stride], r.fields)
		}
	}
	return err
}
