package mailindex

import (
	"bytes"
	"encoding/binary"
)

// What log records say, by kind. All numbers are u32 unless stated; arrays of
// elements unless stated; names and data are padded to 4.
//
//	append         uid, u8 flags, 3 unused
//	expunge        first uid, last uid
//	expunge-guid   uid, 16 bytes
//	flags          first uid, last uid, u8 add, u8 remove, 2 unused
//	header         u16 offset, u16 size, data
//	ext-intro      number or ffffffff, reset id, header size, u16 record size,
//	               u16 align, u16 1: do not shrink, u16 name size, name
//	ext-reset      reset id, u8 1: keep the data, 3 unused
//	ext-hdr        u16 offset, u16 size, data
//	ext-hdr32      offset, size, data
//	ext-rec        uid, data of the record size of the last intro
//	ext-atomic-inc uid, i32 difference
//	keyword        not an array: u8 0 add 1 remove, u8, u16 name size, name,
//	               then first uid, last uid each
//	keyword-reset  first uid, last uid

func u16(b []byte) int    { return int(binary.LittleEndian.Uint16(b)) }
func u32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }

// uidRange is a range of uids, both ends included.
type uidRange struct{ first, last uint32 }

func (r uidRange) check() error {
	if r.first == 0 || r.first > r.last {
		return corrupt(0, "uids %d to %d", r.first, r.last)
	}
	return nil
}

// each calls fn with every element of size bytes. Offsets in errors count from
// the start of the record.
func each(p []byte, size int, fn func(e []byte) error) error {
	if len(p)%size != 0 {
		return corrupt(recordHeader, "%d bytes of elements of %d", len(p), size)
	}
	for at := 0; at < len(p); at += size {
		if err := fn(p[at : at+size]); err != nil {
			return placed(err, "", int64(recordHeader+at))
		}
	}
	return nil
}

func eachRange(p []byte, size int, fn func(r uidRange, e []byte) error) error {
	return each(p, size, func(e []byte) error {
		r := uidRange{u32(e), u32(e[4:])}
		if err := r.check(); err != nil {
			return err
		}
		return fn(r, e[8:])
	})
}

// eachUpdate calls fn with every piece of header data; wide: offset and size
// have four bytes each.
func eachUpdate(p []byte, wide bool, fn func(offset, size int64, data []byte) error) error {
	fixed := 4
	if wide {
		fixed = 8
	}
	for at := 0; at < len(p); {
		if len(p)-at < fixed {
			return corrupt(int64(recordHeader+at), "update cut off")
		}
		var offset, size int64
		if wide {
			offset, size = int64(u32(p[at:])), int64(u32(p[at+4:]))
		} else {
			offset, size = int64(u16(p[at:])), int64(u16(p[at+2:]))
		}
		data := p[at+fixed:]
		if size > int64(len(data)) {
			return corrupt(int64(recordHeader+at), "update of %d bytes, %d are there", size, len(data))
		}
		if err := fn(offset, size, data[:size]); err != nil {
			return placed(err, "", int64(recordHeader+at))
		}
		at += fixed + alignTo(int(size), 4)
	}
	return nil
}

// intro selects an extension.
type intro struct {
	number     uint32 // or byName
	resetID    uint32
	headerSize uint32
	recordSize int
	align      int
	noShrink   bool
	name       string
}

const (
	byName     = 1<<32 - 1
	introFixed = 20
	noShrink   = 1
)

// decodeIntro reads the element at the start of p, and its length.
func decodeIntro(p []byte) (in intro, n int, err error) {
	if len(p) < introFixed {
		return in, 0, corrupt(0, "extension intro cut off")
	}
	in = intro{u32(p), u32(p[4:]), u32(p[8:]), u16(p[12:]), u16(p[14:]), u16(p[16:])&noShrink != 0, ""}
	size := u16(p[18:])
	switch {
	case size > len(p)-introFixed:
		return in, 0, corrupt(18, "extension name of %d bytes", size)
	case in.headerSize > maxExtHeader:
		return in, 0, corrupt(8, "extension header of %d bytes", in.headerSize)
	case !validAlign(in.align, in.recordSize):
		return in, 0, corrupt(14, "extension with alignment %d", in.align)
	}
	in.name = string(p[introFixed : introFixed+size])
	if (in.number == byName) == (in.name == "") {
		return in, 0, corrupt(0, "extension number %#x and name %q", in.number, in.name)
	}
	return in, min(introFixed+alignTo(size, 4), len(p)), nil
}

// decodeKeyword reads a keyword record; ranges is the rest of p.
func decodeKeyword(p []byte) (add bool, name string, ranges []byte, err error) {
	if len(p) < 4 {
		return false, "", nil, corrupt(recordHeader, "keyword record cut off")
	}
	size := u16(p[2:])
	switch {
	case p[0] > 1:
		return false, "", nil, corrupt(recordHeader, "keyword change %d", p[0])
	case size == 0 || size > maxKeywordName || 4+alignTo(size, 4) > len(p):
		return false, "", nil, corrupt(recordHeader+2, "keyword of %d bytes", size)
	case bytes.IndexByte(p[4:4+size], 0) >= 0:
		return false, "", nil, corrupt(recordHeader+4, "NUL in a keyword")
	}
	return p[0] == 0, string(p[4 : 4+size]), p[4+alignTo(size, 4):], nil
}
