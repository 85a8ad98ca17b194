package dboxfmt

import (
	"io"
	"sync"

	"github.com/ringbox/ringbox/fsapi"
)

// smallMessage is up to how many bytes of a message are read at once, header,
// body and metadata together. Most mails are smaller.
const smallMessage = 32 << 10

// keeper reads a file at any offset without waiting, and keeps what has come. A
// method of Source that ErrAgain has interrupted can so be called again and gets
// further each time. It is meant for what surrounds bodies, and for small ones.
type keeper struct {
	file   *fsapi.File
	pieces []*piece
}

// piece is a range of the file, and as much of it as is there.
type piece struct {
	offset, want int64
	data         []byte
	eof          bool // the file ends behind data
}

var scratchPool = sync.Pool{New: func() any { return new([smallMessage]byte) }}

// ask starts reading a range that will be needed. It tells nothing: what is
// wrong with it comes out when it is read.
func (k *keeper) ask(offset, n int64) {
	if offset >= 0 && n > 0 {
		_ = k.piece(offset, n).fill(k.file, offset+n)
	}
}

// ReadAt implements io.ReaderAt, except that its error may be ErrAgain.
func (k *keeper) ReadAt(p []byte, offset int64) (int, error) {
	c := k.piece(offset, int64(len(p)))
	err := c.fill(k.file, offset+int64(len(p)))
	n := copy(p, c.from(offset))
	if n == len(p) {
		return n, nil
	}
	return n, err
}

// piece returns a piece that holds the range, or will.
func (k *keeper) piece(offset, n int64) *piece {
	for _, c := range k.pieces {
		if offset >= c.offset && (c.eof || offset+n <= c.offset+c.want) {
			return c
		}
	}
	c := &piece{offset: offset, want: n}
	k.pieces = append(k.pieces, c)
	return c
}

// there returns what has been kept from offset on.
func (k *keeper) there(offset int64) []byte {
	for _, c := range k.pieces {
		if p := c.from(offset); len(p) > 0 {
			return p
		}
	}
	return nil
}

// forget gives up everything.
func (k *keeper) forget() { k.pieces = nil }

// fill reads until the piece reaches to end. io.EOF: the file ends before.
func (c *piece) fill(f *fsapi.File, end int64) error {
	scratch := scratchPool.Get().(*[smallMessage]byte)
	defer scratchPool.Put(scratch)
	for at := c.offset + int64(len(c.data)); at < end && !c.eof; at = c.offset + int64(len(c.data)) {
		n, err := f.Pread(scratch[:min(smallMessage, c.offset+c.want-at)], at)
		c.data = append(c.data, scratch[:n]...)
		c.eof = err == io.EOF
		if err != nil {
			return err
		}
	}
	if c.eof {
		return io.EOF
	}
	return nil
}

// from returns what is there from offset on.
func (c *piece) from(offset int64) []byte {
	if at := offset - c.offset; at >= 0 && at < int64(len(c.data)) {
		return c.data[at:]
	}
	return nil
}

// bodies hands out bodies: from what has been kept anyway, or else straight
// from the file. Unlike an io.ReaderAt it gives what there is.
type bodies struct{ *keeper }

func (b bodies) ReadAt(p []byte, offset int64) (int, error) {
	if n := copy(p, b.there(offset)); n > 0 {
		return n, nil
	}
	return b.file.Pread(p, offset)
}
