package dboxfmt

// Message says where a message lies in its file and what its metadata is.
type Message struct {
	Version    int
	Offset     int64 // of the message header, in bytes from the start of the file
	BodyOffset int64
	BodySize   int64 // as stored; UnknownSize while a Decoder has not reached the end
	Length     int64 // message header, body and metadata block; 0 while a Decoder has not reached the end
	Type       byte  // as in MessageHeader
	UID        uint32
	Separator  string
	Metadata   Metadata // complete, L included; nil while a Decoder has not reached the end
}

// End is the offset of what follows the message in its file.
func (m *Message) End() int64 { return m.Offset + m.Length }

// PlainSize is the size in bytes of the message before compression and before
// attachments were taken out: the item Z, or else the size of the body.
func (m *Message) PlainSize() (int64, error) {
	if _, ok := m.Metadata.Get('Z'); !ok {
		return m.BodySize, nil
	}
	return m.Metadata.PlainSize()
}

func newMessage(h FileHeader, mh MessageHeader, offset int64) *Message {
	return &Message{
		Version: h.Version, Offset: offset, BodyOffset: offset + int64(h.MessageHeaderSize), BodySize: mh.Size,
		Type: mh.Type, UID: mh.UID, Separator: mh.Separator,
	}
}

// complete adds the metadata block, which starts right after the body.
func (m *Message) complete(b Block) {
	m.Metadata = b.Metadata
	m.Length = m.BodyOffset + m.BodySize + b.length - m.Offset
}
