package dboxfmt

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// The methods below give the meaning of the known items. All of them return
// ErrNoItem when there is no such item, and an ErrMetadata when its value is
// not what the key asks for.

// Received is R: when the message arrived, in seconds.
func (m Metadata) Received() (time.Time, error) { return m.unixTime('R') }

// VirtualSize is V: the size in bytes of the whole message with every line end
// counted as CRLF.
func (m Metadata) VirtualSize() (int64, error) { return m.number('V') }

// PlainSize is Z: the size in bytes of the message before compression or
// before attachments were taken out. Without it, it is the size of the body.
func (m Metadata) PlainSize() (int64, error) { return m.number('Z') }

// POP3UIDL is P: the unique id that POP3 clients are told.
func (m Metadata) POP3UIDL() (string, error) { return m.text('P') }

// POP3Order is O: the place among the messages that POP3 clients see.
func (m Metadata) POP3Order() (uint32, error) {
	v, err := m.text('O')
	if err != nil {
		return 0, err
	}
	n, ok := parseDecimal(v)
	if !ok || n > 1<<32-1 {
		return 0, badItem('O', v)
	}
	return uint32(n), nil
}

// GUID is G: the identity of the message, 32 hex digits or any other text.
func (m Metadata) GUID() (string, error) { return m.text('G') }

// GUID128 is G as indexes have it: the 32 hex digits decoded, or the last 16
// bytes of the SHA-1 of any other text.
func (m Metadata) GUID128() (id [16]byte, err error) {
	text, err := m.text('G')
	if err != nil {
		return id, err
	}
	if raw, err := hex.DecodeString(text); err == nil && len(raw) == len(id) {
		return [16]byte(raw), nil
	}
	sum := sha1.Sum([]byte(text))
	return [16]byte(sum[len(sum)-len(id):]), nil
}

// Mailbox is B: the mailbox a multi-dbox message was saved to, as its storage
// name (modified UTF-7, "/" between levels). Copies and renames do not change it.
func (m Metadata) Mailbox() (string, error) { return m.text('B') }

// BlockLength is L: the length in bytes of the version 3 metadata block.
func (m Metadata) BlockLength() (int64, error) { return m.number('L') }

// Expunged is E of version 1.
func (m Metadata) Expunged() (bool, error) {
	v, err := m.text('E')
	if err == nil && v != "0" && v != "1" {
		err = badItem('E', v)
	}
	return v == "1", err
}

// Flags is F of version 1, one bool for each of its five digits.
func (m Metadata) Flags() (flags [5]bool, err error) {
	v, err := m.text('F')
	if err != nil {
		return flags, err
	}
	if len(v) != len(flags) || strings.Trim(v, "01") != "" {
		return flags, badItem('F', v)
	}
	for i := range flags {
		flags[i] = v[i] == '1'
	}
	return flags, nil
}

// Keywords is K of version 1.
func (m Metadata) Keywords() ([]string, error) {
	v, err := m.text('K')
	return strings.Fields(v), err
}

// Saved is S of version 1: when the message was put into its mailbox.
func (m Metadata) Saved() (time.Time, error) { return m.unixTime('S') }

func (m Metadata) text(key byte) (string, error) {
	v, ok := m.Get(key)
	if !ok {
		return "", fmt.Errorf("%w: %c", ErrNoItem, key)
	}
	return v, nil
}

func (m Metadata) number(key byte) (int64, error) {
	v, err := m.text(key)
	if err != nil {
		return 0, err
	}
	n, ok := parseHex(v)
	if !ok {
		return 0, badItem(key, v)
	}
	return n, nil
}

func (m Metadata) unixTime(key byte) (time.Time, error) {
	n, err := m.number(key)
	if err != nil {
		return time.Time{}, err
	}
	return time.Unix(n, 0), nil
}

func badItem(key byte, value string) error {
	return fmt.Errorf("%w: item %c has the value %.80q", ErrMetadata, key, value)
}
