package dboxfmt

import "strings"

const (
	blockHeadV2   = "\n" + blockMagic + "\n"
	sizeDigits    = 16
	lengthItem    = 11 // "L", 8 digits, LF, and the LF that ends the block
	lengthDigits  = 8
	lengthItemKey = 'L'
)

// Block is the metadata block that stands behind a body.
type Block struct {
	Separator string   // version 3
	BodySize  int64    // version 3; UnknownSize in versions 1 and 2
	Metadata  Metadata // in version 3 L is its last item
	length    int64
}

// blockHeadSize is the length of what stands before the items.
func (h FileHeader) blockHeadSize() int {
	if h.Version == 3 {
		return h.MessageHeaderSize + sizeDigits
	}
	return len(blockHeadV2)
}

// ParseBlock reads a metadata block that is all of p. A block without an end is
// an [ErrTruncated], anything else wrong an [ErrMetadata]; p longer than 1 MiB
// always is. The result does not refer to p.
func ParseBlock(h FileHeader, p []byte) (Block, error) {
	if len(p) > maxBlock {
		return Block{}, fault(0, ErrMetadata, "the metadata block is longer than %d bytes", maxBlock)
	}
	text := string(p)
	b, err := parseBlockHead(h, text)
	if err != nil {
		return Block{}, err
	}
	end, err := b.parseItems(h, text)
	if err != nil {
		return Block{}, err
	}
	if end != len(text) {
		return Block{}, fault(int64(end), ErrMetadata, "the metadata block ends before its place does")
	}
	b.length = int64(end)
	return b, nil
}

func parseBlockHead(h FileHeader, text string) (Block, error) {
	magic := blockHeadV2
	if h.Version == 3 {
		magic = blockMagic
	}
	if seen := text[:min(len(text), len(magic))]; !strings.HasPrefix(magic, seen) {
		return Block{}, fault(0, ErrMetadata, "a metadata block starts with %x, not with %x", magic, seen)
	}
	size := h.blockHeadSize()
	if len(text) < size {
		return Block{}, fault(int64(len(text)), ErrTruncated, "the file ends at the start of a metadata block")
	}
	b := Block{BodySize: UnknownSize}
	if h.Version < 3 {
		return b, nil
	}
	digits := text[size-1-sizeDigits : size-1]
	bodySize, ok := parseHex(digits)
	if !ok || text[size-1] != '\n' {
		return Block{}, fault(int64(size-1-sizeDigits), ErrMetadata, "body size %q is not 16 hex digits and LF", text[size-1-sizeDigits:size])
	}
	b.Separator, b.BodySize = text[len(magic):size-1-sizeDigits], bodySize
	return b, nil
}

// parseItems reads the lines behind the head and returns where the block ends.
func (b *Block) parseItems(h FileHeader, text string) (end int, err error) {
	for at := h.blockHeadSize(); ; {
		line, _, complete := strings.Cut(text[at:], "\n")
		if !complete {
			return 0, fault(int64(len(text)), ErrTruncated, "the file ends in a metadata block")
		}
		next := at + len(line) + 1
		switch {
		case endsBlock(h.Version, line):
			return next, b.checkEnd(h, at, next)
		case h.Version == 3 && b.hasLength():
			return 0, fault(int64(at), ErrMetadata, "an item follows L")
		case !validKey(h.Version, line[0]):
			return 0, fault(int64(at), ErrMetadata, "byte %02x cannot be the key of an item", line[0])
		}
		b.Metadata.Add(line[0], line[1:])
		at = next
	}
}

// checkEnd looks at the last item of a version 3 block.
func (b *Block) checkEnd(h FileHeader, at, end int) error {
	if h.Version < 3 {
		return nil
	}
	if !b.hasLength() {
		return fault(int64(at), ErrMetadata, "the metadata block ends without L")
	}
	digits := b.Metadata[len(b.Metadata)-1].Value
	length, ok := parseHex(digits)
	if !ok || len(digits) != lengthDigits || length != int64(end) {
		return fault(int64(at-len("L\n")-len(digits)), ErrMetadata, "the metadata block is %x bytes long, its L says %q", end, digits)
	}
	return nil
}

func (b *Block) hasLength() bool {
	return len(b.Metadata) > 0 && b.Metadata[len(b.Metadata)-1].Key == lengthItemKey
}

// endsBlock: Dovecot ends a block at an empty line and also at one that starts
// with a space, which is how version 1 filled it up, or with NUL.
func endsBlock[T string | []byte](version int, line T) bool {
	return len(line) == 0 || version < 3 && (line[0] == ' ' || line[0] == 0)
}

// validKey refuses control characters, which no writer uses: where the end of
// a block is lost, the next message header must not become an item.
func validKey(version int, key byte) bool { return key >= ' ' && (key != ' ' || version < 3) }
