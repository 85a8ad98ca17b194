package mailfmt

import (
	"bytes"
	"io"
)

// lfReader turns CRLF into LF and leaves other carriage returns alone.
type lfReader struct {
	r       io.Reader
	buf     [32 << 10]byte
	pending []byte // of buf, converted
	held    bool   // a CR at the end of what was read, that may belong to an LF
	err     error
}

func (l *lfReader) Read(p []byte) (int, error) {
	for len(l.pending) == 0 {
		if l.err != nil {
			return 0, l.err
		}
		l.fill()
	}
	n := copy(p, l.pending)
	l.pending = l.pending[n:]
	return n, nil
}

func (l *lfReader) fill() {
	start := 0
	if l.held {
		l.buf[0], start = '\r', 1
	}
	n, err := l.r.Read(l.buf[start:])
	l.err = err
	data := l.buf[:start+n]
	if l.held = err == nil && bytes.HasSuffix(data, []byte("\r")); l.held {
		data = data[:len(data)-1]
	}
	l.pending = dropCR(data)
}

// dropCR removes every CR before an LF, in place.
func dropCR(data []byte) []byte {
	out := data[:0]
	for {
		i := bytes.Index(data, []byte("\r\n"))
		if i < 0 {
			return append(out, data...)
		}
		out = append(out, data[:i]...)
		data = data[i+1:]
	}
}
