package dboxfmt

import "io"

// Source is a file to read at any offset. Its methods keep no state: after an
// error of R, which they return as it is, they can simply be called again.
type Source struct {
	Name string // for error messages
	R    io.ReaderAt
	Size int64 // of the file in bytes; Single needs it, the other methods do not
}

// tailRead is how much of the end of a message is read at once, in bytes. It
// usually holds the whole metadata block.
const tailRead = 512

// Header reads the first line of the file.
func (s Source) Header() (FileHeader, error) {
	w := window{src: s}
	p, err := w.upTo(0, maxFileHeader)
	if err != nil {
		return FileHeader{}, err
	}
	h, err := ParseFileHeader(p)
	return h, placed(err, s.Name, 0)
}

// window reads ranges of a file and remembers them: a small file is read once.
type window struct {
	src    Source
	chunks []chunk
}

type chunk struct {
	offset int64
	data   []byte
}

// bytes returns n bytes from offset on. A file that ends before is an
// ErrTruncated.
func (w *window) bytes(offset, n int64) ([]byte, error) {
	p, err := w.upTo(offset, n)
	if err == nil && int64(len(p)) < n {
		err = placed(fault(int64(len(p)), ErrTruncated, "the file ends %d bytes before it should", n-int64(len(p))), w.src.Name, offset)
	}
	return p, err
}

// upTo returns n bytes from offset on, fewer if the file ends before.
func (w *window) upTo(offset, n int64) ([]byte, error) {
	for _, c := range w.chunks {
		if at := offset - c.offset; at >= 0 && at+n <= int64(len(c.data)) {
			return c.data[at : at+n], nil
		}
	}
	p := make([]byte, n)
	got, err := w.src.R.ReadAt(p, offset)
	switch {
	case got < 0 || int64(got) > n:
		return nil, errImpossibleCount
	case int64(got) < n && err == nil:
		return nil, io.ErrNoProgress // against the contract of io.ReaderAt
	case int64(got) < n && err != io.EOF:
		return nil, err
	}
	w.chunks = append(w.chunks, chunk{offset, p[:got]})
	return p[:got], nil
}
