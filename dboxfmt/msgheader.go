package dboxfmt

import (
	"bytes"
	"fmt"
	"strings"
)

// Where the fields of a version 1 or 2 message header begin and end.
const (
	typeAt             = 2
	uidAt, uidEnd      = 4, 12
	sizeAt, sizeEnd    = 13, 29
	separatorAlphabet  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	messageMagic       = "\x01\x02"
	blockMagic         = "\x01\x03"
	unknownMessageType = 'N'
)

// UnknownSize stands for the size of a body before it is known.
const UnknownSize = -1

// MessageHeader is what stands before a body.
type MessageHeader struct {
	Type      byte   // versions 1 and 2: 'N', in version 1 also 'E'; not checked
	UID       uint32 // version 1; 0 if the field is no number
	Size      int64  // versions 1 and 2: length of the body in bytes; version 3: UnknownSize
	Separator string // version 3: MessageHeaderSize−3 characters
}

// ParseMessageHeader reads the header at the start of p; more may follow it.
// Too few bytes are an [ErrTruncated], anything else wrong an [ErrMessageHeader].
func ParseMessageHeader(h FileHeader, p []byte) (MessageHeader, error) {
	if seen := p[:min(len(p), len(messageMagic))]; !strings.HasPrefix(messageMagic, string(seen)) {
		return MessageHeader{}, fault(0, ErrMessageHeader, "%s", wrongMagic(p, h.MessageHeaderSize))
	}
	if len(p) < h.MessageHeaderSize {
		return MessageHeader{}, fault(int64(len(p)), ErrTruncated, "the file ends in a message header")
	}
	last := h.MessageHeaderSize - 1
	if p[last] != '\n' {
		return MessageHeader{}, fault(int64(last), ErrMessageHeader, "the message header does not end with LF")
	}
	if h.Version == 3 {
		return parseSeparator(p[len(messageMagic):last])
	}
	return parseFields(p)
}

// wrongMagic tells a placeholder from other damage: Dovecot writes NULs first
// and the header when the message is complete.
func wrongMagic(p []byte, size int) string {
	p = p[:min(len(p), size)]
	if len(bytes.Trim(p, "\x00")) == 0 {
		return "NUL bytes where a message header should be: the message was never completed"
	}
	return fmt.Sprintf("the message header starts with %x, not with 0102", p[:min(len(p), 2)])
}

func parseSeparator(p []byte) (MessageHeader, error) {
	for i, c := range p {
		if strings.IndexByte(separatorAlphabet, c) < 0 {
			return MessageHeader{}, fault(int64(len(messageMagic)+i), ErrMessageHeader, "byte %02x cannot be in a separator", c)
		}
	}
	return MessageHeader{Type: unknownMessageType, Size: UnknownSize, Separator: string(p)}, nil
}

func parseFields(p []byte) (MessageHeader, error) {
	size, ok := parseHex(p[sizeAt:sizeEnd])
	if !ok {
		// Dovecot takes such a size for 0 and loses the message in its repair.
		return MessageHeader{}, fault(sizeAt, ErrMessageHeader, "body size %q is not a hex number", p[sizeAt:sizeEnd])
	}
	uid, _ := parseHex(p[uidAt:uidEnd])
	return MessageHeader{Type: p[typeAt], UID: uint32(uid), Size: size}, nil
}

// append appends the header to dst in the form of a version 2 or 3 file. The
// caller sees to it that the fields are in their ranges.
func (m MessageHeader) append(dst []byte, h FileHeader) []byte {
	if h.Version == 3 {
		return fmt.Appendf(dst, "%s%s\n", messageMagic, m.Separator)
	}
	dst = fmt.Appendf(dst, "%s%c %8s %016X", messageMagic, unknownMessageType, "", m.Size)
	// A file may say that its headers are longer than the fields need.
	for range h.MessageHeaderSize - headerSizeV2 {
		dst = append(dst, ' ')
	}
	return append(dst, '\n')
}
