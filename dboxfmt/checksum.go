package dboxfmt

import (
	"fmt"
	"hash/crc32"
	"strings"
)

const checksumPrefix = "crc32c:"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Checksum is H: the CRC-32C of the body as stored.
func (m Metadata) Checksum() (uint32, error) {
	v, err := m.text('H')
	if err != nil {
		return 0, err
	}
	digits, ok := strings.CutPrefix(v, checksumPrefix)
	sum, number := parseHex(digits)
	if !ok || !number || len(digits) != 8 {
		return 0, badItem('H', v)
	}
	return uint32(sum), nil
}

func formatChecksum(sum uint32) string { return fmt.Sprintf("%s%08x", checksumPrefix, sum) }

// bodySum runs over a body as it passes.
type bodySum struct {
	crc  uint32
	size int64
}

func (s *bodySum) add(p []byte) {
	s.crc = crc32.Update(s.crc, castagnoli, p)
	s.size += int64(len(p))
}

// check compares with H. Version 1 and 2 files need not have it; in version 3
// every writer writes it, so there its absence is damage.
func (s *bodySum) check(m *Message) error {
	_, present := m.Metadata.Get('H')
	if !present && m.Version < 3 {
		return nil
	}
	want, err := m.Metadata.Checksum()
	switch {
	case err != nil:
		return fault(m.BodyOffset, ErrChecksum, "the body cannot be verified: %v", err)
	case want != s.crc:
		return fault(m.BodyOffset, ErrChecksum, "the body has %s, its metadata says %s", formatChecksum(s.crc), formatChecksum(want))
	}
	return nil
}
