package mailfmt

import (
	"bufio"
	"io"
)

// ReadHeader reads the header of a text with the empty line behind it, or its
// first limit bytes.
func ReadHeader(text io.Reader, limit int64) (header []byte, err error) {
	r := bufio.NewReader(io.LimitReader(text, limit))
	for start := true; ; {
		line, err := r.ReadSlice('\n')
		header = append(header, line...)
		empty := start && (string(line) == "\n" || string(line) == "\r\n")
		start = err == nil
		if empty || err == io.EOF {
			return header, nil
		}
		if err != nil && err != bufio.ErrBufferFull {
			return nil, err
		}
	}
}
