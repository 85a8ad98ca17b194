package fsapi

import "io"

// copySize is what WriteTo and ReadFrom move at a time, in bytes.
const copySize = 128 << 10

// copyPooled copies r to w through a pooled buffer. Only Read and Write are
// used: a WriterTo or ReaderFrom of the two would call back here.
func copyPooled(w io.Writer, r io.Reader) (int64, error) {
	b := newBuffer(copySize)
	defer b.free()
	return io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{r}, b.mem)
}
