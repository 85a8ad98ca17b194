package driver

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// A block that can be verified begins with: 8 bytes of magic, 8 of seed, 8 of
// its offset, 4 of its length, 4 of CRC-32C over the whole block with these four
// taken as zero. The rest is noise.
const (
	magic      = 0x786f62676e697276
	crcOffset  = 28
	headerSize = 32
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// seal makes buf a block of its offset.
func seal(buf []byte, seed uint64, off int64) {
	noise(buf[headerSize:], seed^uint64(off))
	binary.LittleEndian.PutUint64(buf, magic)
	binary.LittleEndian.PutUint64(buf[8:], seed)
	binary.LittleEndian.PutUint64(buf[16:], uint64(off))
	binary.LittleEndian.PutUint32(buf[24:], uint32(len(buf)))
	binary.LittleEndian.PutUint32(buf[crcOffset:], checksum(buf))
}

func checksum(buf []byte) uint32 {
	crc := crc32.Update(0, castagnoli, buf[:crcOffset])
	crc = crc32.Update(crc, castagnoli, []byte{0, 0, 0, 0})
	return crc32.Update(crc, castagnoli, buf[headerSize:])
}

// unseal checks a block.
func unseal(buf []byte, path string, seed uint64, off int64) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("verify: %s: offset %d: %s", path, off, fmt.Sprintf(format, args...))
	}
	switch {
	case binary.LittleEndian.Uint64(buf) != magic:
		return bad("there is no block of this program")
	case binary.LittleEndian.Uint64(buf[8:]) != seed:
		return bad("the block is of seed %d, not %d", binary.LittleEndian.Uint64(buf[8:]), seed)
	case int64(binary.LittleEndian.Uint64(buf[16:])) != off:
		return bad("the block belongs to offset %d", binary.LittleEndian.Uint64(buf[16:]))
	case int(binary.LittleEndian.Uint32(buf[24:])) != len(buf):
		return bad("the block has %d bytes, not %d", binary.LittleEndian.Uint32(buf[24:]), len(buf))
	}
	if want, got := binary.LittleEndian.Uint32(buf[crcOffset:]), checksum(buf); want != got {
		return bad("crc32c is %08x, written was %08x", got, want)
	}
	return nil
}

// noise fills buf with bytes that do not compress.
func noise(buf []byte, seed uint64) {
	for len(buf) >= 8 {
		seed += 0x9e3779b97f4a7c15
		binary.LittleEndian.PutUint64(buf, (seed^seed>>31)*0xbf58476d1ce4e5b9)
		buf = buf[8:]
	}
	for i := range buf {
		buf[i] = byte(seed >> (8 * i))
	}
}
