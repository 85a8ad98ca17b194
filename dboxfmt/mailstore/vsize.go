package mailstore

import (
	"context"
	"encoding/binary"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailindex"
)

// Where Dovecot keeps virtual sizes once somebody has asked for them.
const (
	// In the header: u64 bytes, u32 highest UID and u32 number of the messages
	// that they are of.
	sizeHeader = "hdr-vsize"
	// In a record: u32 bytes and one more; 0 if it is not known.
	sizeField = "vsize"
)

// maxSizes is how many messages the sum is completed by. A mailbox of any size
// must not make Status slow.
const maxSizes = 1000

// virtualSize returns the virtual size of all messages if the index knows it, else
// dboxfmt.UnknownSize. A sum that is of other messages than there are now is no
// use: some of them have been expunged.
func virtualSize(ctx context.Context, v *mailindex.View) (int64, error) {
	var total uint64
	first := 1 // sequence number of those that the sum is not of
	if h := v.ExtHeader(sizeHeader); len(h) >= 16 {
		next, err := v.From(ctx, binary.LittleEndian.Uint32(h[8:])+1)
		if err != nil {
			return 0, err
		}
		if uint32(next-1) == binary.LittleEndian.Uint32(h[12:]) {
			total, first = binary.LittleEndian.Uint64(h), next
		}
	}
	field := v.Field(sizeField)
	if v.Count()-first >= maxSizes || total > 1<<62 {
		return dboxfmt.UnknownSize, nil
	}
	for m, err := range v.All(ctx, first, v.Count()) {
		if err != nil {
			return 0, err
		}
		b := m.Ext(field)
		if len(b) != 4 || binary.LittleEndian.Uint32(b) == 0 {
			return dboxfmt.UnknownSize, nil
		}
		total += uint64(binary.LittleEndian.Uint32(b) - 1)
	}
	return int64(total), nil
}
