package dboxfmt

import (
	"fmt"
	"strings"
)

// Append appends the block to dst in the form of a version 2 or 3 file. In
// version 3 it adds L and takes the separator and BodySize from b, whose
// Metadata must not have an L. What would not read back as it is, is an [ErrItem].
func (b Block) Append(dst []byte, h FileHeader) ([]byte, error) {
	start := len(dst)
	out := append(dst, blockHeadV2...)
	if h.Version == 3 {
		out = fmt.Appendf(dst, "%s%s%016x\n", blockMagic, b.Separator, b.BodySize)
	}
	for _, item := range b.Metadata {
		if err := checkItem(h.Version, item); err != nil {
			return dst, err
		}
		out = append(append(append(out, item.Key), item.Value...), '\n')
	}
	if h.Version == 3 {
		out = fmt.Appendf(out, "%c%08x\n", lengthItemKey, len(out)-start+lengthItem)
	}
	out = append(out, '\n')
	if len(out)-start > maxBlock {
		return dst, fmt.Errorf("%w: %d bytes are more than the limit of %d", ErrItem, len(out)-start, maxBlock)
	}
	return out, nil
}

func checkItem(version int, item Item) error {
	switch {
	case item.Key <= ' ':
		return fmt.Errorf("%w: byte %02x cannot be a key", ErrItem, item.Key)
	case strings.Contains(item.Value, "\n"):
		return fmt.Errorf("%w: the value of %c contains LF", ErrItem, item.Key)
	case version == 3 && item.Key == lengthItemKey:
		return fmt.Errorf("%w: L is written by itself", ErrItem)
	}
	return nil
}
