package dboxfmt

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// Bounds of what is read into memory. Bodies are never held.
const (
	maxFileHeader    = 512     // the header line with its LF
	maxMessageHeader = 512     // M
	maxBlock         = 1 << 20 // a metadata block from its first byte to its last
)

const (
	headerSizeV2  = 30 // M of versions 1 and 2: 01 02, type, space, uid, space, size, LF
	minSeparator  = 16
	headerFrameV3 = 3 // 01 02 and LF around the separator
)

// FileHeader is the first line of a file.
type FileHeader struct {
	Version           int      // 1, 2 or 3
	Words             []string // everything after the version, as it is in the file
	MessageHeaderSize int      // M: length of each message header in bytes
	Created           int64    // C: unix seconds, 0 if the file does not say
}

// NewFileHeader is the header of a new file of version 2 or 3, as [Writer]
// writes it. The writer refuses other versions, and times before 1970.
func NewFileHeader(version int, created time.Time) FileHeader {
	h := FileHeader{Version: version, MessageHeaderSize: headerSizeV2, Created: created.Unix()}
	if version == 3 {
		h.MessageHeaderSize = headerFrameV3 + minSeparator
	}
	h.Words = []string{fmt.Sprintf("M%x", h.MessageHeaderSize), fmt.Sprintf("C%x", h.Created)}
	return h
}

// Size is the length of the line in bytes, its LF included.
func (h FileHeader) Size() int64 { return int64(len(h.line())) }

func (h FileHeader) line() string {
	return fmt.Sprintf("%d %s\n", h.Version, strings.Join(h.Words, " "))
}

// Append appends the line to dst, after making sure that it reads back as h.
func (h FileHeader) Append(dst []byte) ([]byte, error) {
	line := h.line()
	back, err := ParseFileHeader([]byte(line))
	if err != nil {
		return dst, err
	}
	same := back.Size() == h.Size() && back.MessageHeaderSize == h.MessageHeaderSize && back.Created == h.Created
	if !same {
		return dst, fault(0, ErrFileHeader, "fields and words of the header to write differ")
	}
	return append(dst, line...), nil
}

// ParseFileHeader reads the line at the start of p; more may follow it. A line
// that is not complete within p is an [ErrTruncated], or, from 512 bytes on, an
// [ErrFileHeader].
func ParseFileHeader(p []byte) (FileHeader, error) {
	end := bytes.IndexByte(p[:min(len(p), maxFileHeader)], '\n')
	if end < 0 {
		return FileHeader{}, unfinishedFileHeader(p)
	}
	h, rest, err := parseVersion(p[:end])
	if err != nil {
		return FileHeader{}, err
	}
	h.Words = strings.Split(rest, " ")
	offset := int64(len("2 "))
	for _, word := range h.Words {
		if err := h.parseWord(word, offset); err != nil {
			return FileHeader{}, err
		}
		offset += int64(len(word) + len(" "))
	}
	return h, h.checkMessageHeaderSize(int64(end))
}

// unfinishedFileHeader finds out whether the line was on its way to be good.
func unfinishedFileHeader(p []byte) error {
	if len(p) >= len("2 ") {
		if _, _, err := parseVersion(p); err != nil {
			return err
		}
	}
	if len(p) >= maxFileHeader {
		return fault(0, ErrFileHeader, "no LF within %d bytes", maxFileHeader)
	}
	return fault(int64(len(p)), ErrTruncated, "the file ends in its header line")
}

func parseVersion(line []byte) (FileHeader, string, error) {
	if len(line) < 2 || line[0] < '1' || line[0] > '3' || line[1] != ' ' {
		return FileHeader{}, "", fault(0, ErrVersion, "the file starts with %q, not with a version from 1 to 3 and a space", line[:min(len(line), 2)])
	}
	return FileHeader{Version: int(line[0] - '0')}, string(line[2:]), nil
}

func (h *FileHeader) parseWord(word string, offset int64) error {
	if word == "" {
		return nil
	}
	switch word[0] {
	case 'M':
		size, ok := parseHex(word[1:])
		if !ok || size == 0 || size > maxMessageHeader {
			return fault(offset, ErrFileHeader, "message header size %q is not a hex number from 1 to %x", word[1:], maxMessageHeader)
		}
		h.MessageHeaderSize = int(size)
	case 'C':
		created, ok := parseHex(word[1:])
		if !ok {
			return fault(offset, ErrFileHeader, "creation time %q is not a hex number", word[1:])
		}
		h.Created = created
	}
	return nil
}

func (h *FileHeader) checkMessageHeaderSize(end int64) error {
	smallest := headerSizeV2
	if h.Version == 3 {
		smallest = headerFrameV3 + minSeparator
	}
	switch {
	case h.MessageHeaderSize == 0:
		return fault(end, ErrFileHeader, "no message header size (M)")
	case h.MessageHeaderSize < smallest:
		return fault(end, ErrFileHeader, "message headers of %d bytes are too short for version %d", h.MessageHeaderSize, h.Version)
	}
	return nil
}
