package mailindex

import (
	"context"
)

// base is the records of a main index as they are in the file: read page by
// page, or in memory if they are few. It does not change, except that records in
// memory that nobody else has seen may be changed in place (records.go).
type base struct {
	n      int
	stride int
	fields []field
	next   uint32  // every uid is less
	mem    []byte  // all records, if in is nil
	in     *source // else
	start  int64   // of the records in the file
}

// perPage is how many records a page has.
func (b *base) perPage() int { return max(1, pageSize/b.stride) }

// record returns the bytes of record i, which must not be changed.
func (b *base) record(ctx context.Context, i int) ([]byte, error) {
	if b.in == nil {
		return b.mem[i*b.stride : (i+1)*b.stride], nil
	}
	per := b.perPage()
	first := i / per * per
	size := min(per, b.n-first) * b.stride
	p, err := b.in.page(ctx, i/per, b.start+int64(first)*int64(b.stride), size, b.check)
	if err != nil {
		return nil, err
	}
	return p[(i-first)*b.stride:][:b.stride], nil
}

// check makes sure that the uids of records that follow each other ascend.
func (b *base) check(p []byte) error {
	last := uint32(0)
	for at := 0; at < len(p); at += b.stride {
		uid := u32(p[at:])
		if uid <= last || uid >= b.next {
			return corrupt(int64(at), "uid %d after uid %d, next uid %d", uid, last, b.next)
		}
		last = uid
	}
	return nil
}

func (b *base) uid(ctx context.Context, i int) (uint32, error) {
	r, err := b.record(ctx, i)
	if err != nil {
		return 0, err
	}
	return u32(r), nil
}

// search returns the first record whose uid is not less than uid. Uids mostly
// follow each other, so that guessing finds the page in very few steps; the
// bisection in between bounds the rest.
func (b *base) search(ctx context.Context, uid uint32) (int, error) {
	lo, hi := 0, b.n                        // the answer is in lo..hi
	below, above := int64(0), int64(b.next) // uids around them
	for step := 0; lo < hi; step++ {
		i := lo + (hi-lo)/2
		if step%2 == 0 && above > below {
			i = lo + int(int64(hi-lo)*(int64(uid)-below)/(above-below))
			i = min(max(i, lo), hi-1)
		}
		got, err := b.uid(ctx, i)
		if err != nil {
			return 0, err
		}
		switch {
		case got < uid:
			lo, below = i+1, int64(got)
		case got == uid:
			return i, nil
		default:
			hi, above = i, int64(got)
		}
	}
	return lo, nil
}

// scan calls fn with the records from lo up to hi, in order, past the pages.
func (b *base) scan(ctx context.Context, lo, hi int, fn func(i int, rec []byte) error) error {
	per := max(1, (256<<10)/b.stride)
	var buf []byte
	for first := lo; first < hi; first += per {
		n := min(per, hi-first)
		var p []byte
		if b.in == nil {
			p = b.mem[first*b.stride : (first+n)*b.stride]
		} else {
			if buf == nil {
				buf = make([]byte, n*b.stride)
			}
			p = buf[:n*b.stride]
			offset := b.start + int64(first)*int64(b.stride)
			if err := b.in.read(ctx, p, offset); err != nil {
				return err
			}
			if err := b.check(p); err != nil {
				return placed(err, b.in.path, offset)
			}
		}
		for i := range n {
			if err := fn(first+i, p[i*b.stride:(i+1)*b.stride]); err != nil {
				return err
			}
		}
	}
	return nil
}

// get returns the field of an extension in a record of this layout, shorter than
// now if the extension has grown since.
func get(rec []byte, fields []field, number int) []byte {
	if number < 0 || number >= len(fields) {
		return nil
	}
	f := fields[number]
	return rec[f.offset : f.offset+f.size]
}
