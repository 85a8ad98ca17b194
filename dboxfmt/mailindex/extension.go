package mailindex

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// Bounds of what is read. No Dovecot writes anything near them.
const (
	maxFields     = 4096    // bytes of one record
	maxExtHeader  = 1 << 20 // bytes of one extension's header
	maxExtensions = 512
	maxExtName    = 255
)

// Extension declares an extension: data that an index keeps besides flags, some
// bytes in its header and some in every record.
type Extension struct {
	Name       string // 1 to 255 bytes
	HeaderSize int    // bytes; 0: no header
	RecordSize int    // bytes in each record; 0: only a header
	Align      int    // of the bytes in the record: 1, 2, 4 or 8
}

// extension is an extension that an index has. Its place in the list is its
// number in the log.
type extension struct {
	name    string
	header  []byte
	resetID uint32
	field   field
	align   int
}

// field is the place of an extension in a record; size 0: it has none.
type field struct{ offset, size int }

func align8(n int) int { return (n + 7) &^ 7 }

// Extensions in a main index stand behind each other, each at a multiple of 8:
//
//	 0 u32 header size     4 u32 reset id
//	 8 u16 record offset  10 u16 record size
//	12 u16 record align   14 u16 name size
//	16 name, padded to 8; header data, padded to 8
const extFixed = 16

// decodeExtensions reads the list from b, which begins at offset base of the
// file and ends with its header.
func decodeExtensions(b []byte, base int64, recordSize int) ([]extension, error) {
	var list []extension
	for at := 0; at < len(b); {
		e, n, err := decodeExtension(b[at:], recordSize)
		if err == nil && find(list, e.name) >= 0 {
			err = corrupt(extFixed, "extension %q is there twice", e.name)
		}
		if err == nil && len(list) == maxExtensions {
			err = corrupt(0, "more than %d extensions", maxExtensions)
		}
		if err != nil {
			return nil, placed(err, "", base+int64(at))
		}
		list = append(list, e)
		at += n
	}
	return list, nil
}

func decodeExtension(b []byte, recordSize int) (e extension, n int, err error) {
	if len(b) < extFixed {
		return e, 0, corrupt(0, "extension cut off")
	}
	le := binary.LittleEndian
	headerSize, nameSize := le.Uint32(b), int(le.Uint16(b[14:]))
	e.resetID = le.Uint32(b[4:])
	e.field = field{int(le.Uint16(b[8:])), int(le.Uint16(b[10:]))}
	e.align = int(le.Uint16(b[12:]))
	data := align8(extFixed + nameSize)
	switch {
	case headerSize > maxExtHeader || data+int(headerSize) > len(b):
		return e, 0, corrupt(0, "extension header of %d bytes, %d are left", headerSize, len(b)-extFixed)
	case e.field.size > 0 && (e.field.offset < recordFixed || e.field.offset+e.field.size > recordSize):
		return e, 0, corrupt(8, "field at %d to %d of a record of %d bytes", e.field.offset, e.field.offset+e.field.size, recordSize)
	case !validAlign(e.align, e.field.size) || e.align > 0 && e.field.size > 0 && e.field.offset%e.align != 0:
		return e, 0, corrupt(12, "field at %d with alignment %d", e.field.offset, e.align)
	}
	e.name = string(b[extFixed : extFixed+nameSize])
	if err := checkExtName(e.name); err != nil {
		return e, 0, corrupt(extFixed, "%v", err)
	}
	e.header = bytes.Clone(b[data : data+int(headerSize)])
	return e, min(align8(data+int(headerSize)), len(b)), nil
}

func checkExtName(name string) error {
	if name == "" || len(name) > maxExtName || strings.ContainsRune(name, 0) {
		return corrupt(0, "extension name %.40q", name)
	}
	return nil
}

// validAlign: fields have one of the alignments of numbers; where there is no
// field Dovecot writes anything.
func validAlign(align, size int) bool {
	return size == 0 || align == 1 || align == 2 || align == 4 || align == 8
}

func find(list []extension, name string) int {
	for i := range list {
		if list[i].name == name {
			return i
		}
	}
	return -1
}

// appendExtension appends e with its field at f.
func appendExtension(dst []byte, e *extension, f field) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint32(dst, uint32(len(e.header)))
	dst = le.AppendUint32(dst, e.resetID)
	dst = le.AppendUint16(dst, uint16(f.offset))
	dst = le.AppendUint16(dst, uint16(f.size))
	dst = le.AppendUint16(dst, uint16(e.align))
	dst = le.AppendUint16(dst, uint16(len(e.name)))
	dst = append(dst, e.name...)
	dst = pad(dst, 8)
	dst = append(dst, e.header...)
	return pad(dst, 8)
}

// pad appends zeros up to a multiple of n. What dst begins with is aligned.
func pad(dst []byte, n int) []byte {
	for len(dst)%n != 0 {
		dst = append(dst, 0)
	}
	return dst
}
