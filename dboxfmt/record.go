package dboxfmt

import "math"

// Extent is what an index says about a message.
type Extent struct {
	Offset   int64 // of the message header, in bytes from the start of the file
	Length   int64 // message header, body and metadata block, in bytes
	BodySize int64 // as stored, in bytes; UnknownSize if the index does not say
}

// Record reads the message at e, without its body, and checks that it has
// exactly this place and these sizes. h is the header of the file. A file that
// ends within the extent is an [ErrTruncated], everything else that does not
// fit an [ErrCorrupt].
func (s Source) Record(h FileHeader, e Extent) (*Message, error) {
	if e.Offset < h.Size() || e.Length < 0 || e.Length > math.MaxInt64-e.Offset {
		return nil, placed(fault(0, ErrSize, "no message can be here with length %d", e.Length), s.Name, e.Offset)
	}
	r := recordReader{window: window{src: s}, header: h, start: e.Offset, end: e.Offset + e.Length}
	m, err := r.read()
	if err != nil {
		return nil, err
	}
	if e.BodySize != UnknownSize && m.BodySize != e.BodySize {
		return nil, r.fault(m.BodyOffset, ErrSize, "the body is %d bytes long, the index says %d", m.BodySize, e.BodySize)
	}
	return m, nil
}

// recordReader reads a message that must lie exactly from start to end.
type recordReader struct {
	window
	header     FileHeader
	start, end int64
}

func (r *recordReader) read() (*Message, error) {
	smallest := int64(r.header.MessageHeaderSize + r.header.blockHeadSize() + 1)
	if r.header.Version == 3 {
		smallest += lengthItem - 1
	}
	switch {
	case r.end-r.start < smallest:
		return nil, r.fault(r.start, ErrSize, "%d bytes are too few for a message", r.end-r.start)
	case r.header.Version == 3:
		return r.readFromEnd()
	default:
		return r.readFromStart()
	}
}

// readFromStart: versions 1 and 2 have the size before the body.
func (r *recordReader) readFromStart() (*Message, error) {
	m, err := r.messageHeader()
	if err != nil {
		return nil, err
	}
	blockAt := m.BodyOffset // m.BodySize may be absurd: no sums before it is compared
	if m.BodySize > r.end-blockAt {
		return nil, r.fault(r.start+sizeAt, ErrSize, "a body of %d bytes does not fit before offset %d", m.BodySize, r.end)
	}
	return r.finish(m, blockAt+m.BodySize)
}

// readFromEnd: version 3 has L at the end, and the size behind the body.
func (r *recordReader) readFromEnd() (*Message, error) {
	blockAt, err := r.findBlock()
	if err != nil {
		return nil, err
	}
	m, err := r.messageHeader()
	if err != nil {
		return nil, err
	}
	m.BodySize = blockAt - m.BodyOffset
	return r.finish(m, blockAt)
}

// findBlock steps back by L from the end.
func (r *recordReader) findBlock() (int64, error) {
	at := max(r.start, r.end-tailRead)
	tail, err := r.bytes(at, r.end-at)
	if err != nil {
		return 0, err
	}
	item := tail[len(tail)-lengthItem:]
	if !isLengthItem(item) {
		return 0, r.fault(r.end-lengthItem, ErrMetadata, "%q is not the L item that ends a metadata block", item)
	}
	length, _ := parseHex(item[1 : 1+lengthDigits])
	if length > r.end-r.start-int64(r.header.MessageHeaderSize) {
		return 0, r.fault(r.end-lengthItem, ErrMetadata, "no metadata block can be %d bytes long here", length)
	}
	return r.end - length, nil
}

// isLengthItem says whether p has the form of the last bytes of a block.
func isLengthItem(p []byte) bool {
	_, number := parseHex(p[1 : 1+lengthDigits])
	return number && p[0] == lengthItemKey && string(p[1+lengthDigits:]) == "\n\n"
}

func (r *recordReader) messageHeader() (*Message, error) {
	p, err := r.bytes(r.start, int64(r.header.MessageHeaderSize))
	if err != nil {
		return nil, err
	}
	mh, err := ParseMessageHeader(r.header, p)
	if err != nil {
		return nil, placed(err, r.src.Name, r.start)
	}
	return newMessage(r.header, mh, r.start), nil
}

// finish reads the block, which must reach from blockAt to the end and belong
// to m.
func (r *recordReader) finish(m *Message, blockAt int64) (*Message, error) {
	if r.end-blockAt > maxBlock {
		return nil, r.fault(blockAt, ErrMetadata, "the metadata block is longer than %d bytes", maxBlock)
	}
	p, err := r.bytes(blockAt, r.end-blockAt)
	if err != nil {
		return nil, err
	}
	b, err := ParseBlock(r.header, p)
	if err != nil {
		return nil, placed(corruptNotTorn(err), r.src.Name, blockAt)
	}
	switch {
	case b.Separator != m.Separator:
		return nil, r.fault(blockAt, ErrMetadata, "the separator is not that of the message header at offset %d", m.Offset)
	case b.BodySize != UnknownSize && b.BodySize != m.BodySize:
		return nil, r.fault(blockAt, ErrSize, "the body before this is %d bytes long, not %d", m.BodySize, b.BodySize)
	}
	m.complete(b)
	return m, nil
}

func (r *recordReader) fault(offset int64, kind error, reason string, args ...any) error {
	return placed(fault(0, kind, reason, args...), r.src.Name, offset)
}
