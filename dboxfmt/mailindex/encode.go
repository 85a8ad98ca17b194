package mailindex

import "encoding/binary"

// The encoders append one log record each. external says that the change is
// done in storage already.

// UIDRange is a range of uids, both ends included.
type UIDRange struct{ First, Last uint32 }

func le32(dst []byte, v ...uint32) []byte {
	for _, n := range v {
		dst = binary.LittleEndian.AppendUint32(dst, n)
	}
	return dst
}

func le16(dst []byte, v ...int) []byte {
	for _, n := range v {
		dst = binary.LittleEndian.AppendUint16(dst, uint16(n))
	}
	return dst
}

// AppendBoundary appends a boundary around the rest of total bytes. It has
// BoundarySize itself.
func AppendBoundary(dst []byte, external bool, total uint32) []byte {
	return appendRecord(dst, KindBoundary, external, func(b []byte) []byte { return le32(b, total) })
}

// BoundarySize is the size of a boundary record.
const BoundarySize = 12

// NewMessage is an element of an append record.
type NewMessage struct {
	UID   uint32
	Flags Flags
}

// AppendNew appends a record that adds messages. Their uids ascend.
func AppendNew(dst []byte, external bool, messages []NewMessage) []byte {
	return appendRecord(dst, KindAppend, external, func(b []byte) []byte {
		for _, m := range messages {
			b = append(le32(b, m.UID), byte(m.Flags), 0, 0, 0)
		}
		return b
	})
}

// AppendExpunge appends a record that removes messages, or, if it is not
// external, asks for that.
func AppendExpunge(dst []byte, external bool, uids []UIDRange) []byte {
	return appendRecord(dst, KindExpunge, external, func(b []byte) []byte { return appendRanges(b, uids) })
}

// AppendExpungeGUID is AppendExpunge for messages with their GUIDs.
func AppendExpungeGUID(dst []byte, external bool, list []Expunge) []byte {
	return appendRecord(dst, KindExpungeGUID, external, func(b []byte) []byte {
		for _, e := range list {
			b = append(le32(b, e.UID), e.GUID[:]...)
		}
		return b
	})
}

func appendRanges(b []byte, uids []UIDRange) []byte {
	for _, r := range uids {
		b = le32(b, r.First, r.Last)
	}
	return b
}

// AppendFlags appends a record that changes flags of messages.
func AppendFlags(dst []byte, external bool, add, remove Flags, uids []UIDRange) []byte {
	return appendRecord(dst, KindFlags, external, func(b []byte) []byte {
		for _, r := range uids {
			b = append(le32(b, r.First, r.Last), byte(add), byte(remove), 0, 0)
		}
		return b
	})
}

// AppendKeyword appends a record that gives messages a keyword, or takes it.
func AppendKeyword(dst []byte, external, add bool, name string, uids []UIDRange) []byte {
	return appendRecord(dst, KindKeyword, external, func(b []byte) []byte {
		modify := byte(1)
		if add {
			modify = 0
		}
		b = append(le16(append(b, modify, 0), len(name)), name...)
		for range (4 - len(name)%4) % 4 {
			b = append(b, 0)
		}
		return appendRanges(b, uids)
	})
}

// AppendKeywordReset appends a record that takes all keywords from messages.
func AppendKeywordReset(dst []byte, external bool, uids []UIDRange) []byte {
	return appendRecord(dst, KindKeywordReset, external, func(b []byte) []byte { return appendRanges(b, uids) })
}

// AppendHeaderUpdate appends a record that overwrites bytes of the base header.
func AppendHeaderUpdate(dst []byte, external bool, offset int, data []byte) []byte {
	return appendRecord(dst, KindHeader, external, func(b []byte) []byte { return append(le16(b, offset, len(data)), data...) })
}

// AppendIntro appends a record that selects extension number, or without one
// (number negative) the one of that name, which is made if it is not there. The
// extension grows to the sizes of e, and never shrinks.
func AppendIntro(dst []byte, external bool, number int, resetID uint32, e Extension) []byte {
	return appendRecord(dst, KindExtIntro, external, func(b []byte) []byte {
		id, name := uint32(number), ""
		if number < 0 {
			id, name = byName, e.Name
		}
		b = le32(b, id, resetID, uint32(e.HeaderSize))
		b = le16(b, e.RecordSize, e.Align, noShrink, len(name))
		return append(b, name...)
	})
}

// AppendExtReset appends a record that gives the selected extension a new reset
// id, and zeros it unless preserve is set.
func AppendExtReset(dst []byte, external bool, resetID uint32, preserve bool) []byte {
	return appendRecord(dst, KindExtReset, external, func(b []byte) []byte {
		keep := byte(0)
		if preserve {
			keep = 1
		}
		return append(le32(b, resetID), keep, 0, 0, 0)
	})
}

// AppendExtHeader appends a record that overwrites bytes of the header of the
// selected extension. Only what does not fit into 16 bits takes the wide form.
func AppendExtHeader(dst []byte, external bool, offset int, data []byte) []byte {
	if offset > 0xffff || len(data) > 0xffff {
		return appendRecord(dst, KindExtHeader32, external, func(b []byte) []byte {
			return append(le32(b, uint32(offset), uint32(len(data))), data...)
		})
	}
	return appendRecord(dst, KindExtHeader, external, func(b []byte) []byte { return append(le16(b, offset, len(data)), data...) })
}

// ExtValue is an element of an ext-rec record.
type ExtValue struct {
	UID  uint32
	Data []byte
}

// AppendExtRecord appends a record that sets the field of the selected extension
// to values of size bytes, the record size of its intro; shorter ones are
// filled with zeros.
func AppendExtRecord(dst []byte, external bool, size int, values []ExtValue) []byte {
	return appendRecord(dst, KindExtRecord, external, func(b []byte) []byte {
		for _, v := range values {
			end := len(b) + 4 + alignTo(size, 4)
			b = append(le32(b, v.UID), v.Data...)
			for len(b) < end {
				b = append(b, 0)
			}
		}
		return b
	})
}

// Increment is an element of an ext-atomic-inc record.
type Increment struct {
	UID  uint32
	Diff int32
}

// AppendIncrement appends a record that adds to the number in the field of the
// selected extension.
func AppendIncrement(dst []byte, external bool, list []Increment) []byte {
	return appendRecord(dst, KindExtIncrement, external, func(b []byte) []byte {
		for _, i := range list {
			b = le32(b, i.UID, uint32(i.Diff))
		}
		return b
	})
}
