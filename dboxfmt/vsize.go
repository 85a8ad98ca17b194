package dboxfmt

import "bytes"

// virtualSize counts the bytes of a message with every LF that has no CR before
// it counted as two. The pair may come in two pieces.
type virtualSize struct {
	total  int64
	lastCR bool
}

func (v *virtualSize) add(p []byte) {
	if len(p) == 0 {
		return
	}
	bare := bytes.Count(p, []byte("\n")) - bytes.Count(p, []byte("\r\n"))
	if v.lastCR && p[0] == '\n' {
		bare--
	}
	v.total += int64(len(p) + bare)
	v.lastCR = p[len(p)-1] == '\r'
}
