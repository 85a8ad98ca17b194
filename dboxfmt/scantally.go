package dboxfmt

import "bytes"

// tally counts over a range as the scan passes it.
type tally struct {
	pos     int64 // how far
	bare    int64 // LFs without a CR before them
	lastCR  bool
	content bool // a byte other than NUL was passed
}

func (t *tally) add(p []byte) {
	if len(p) == 0 {
		return
	}
	t.pos += int64(len(p))
	t.bare += int64(bytes.Count(p, []byte("\n")))
	if t.lastCR && p[0] == '\n' {
		t.bare--
	}
	t.lastCR = p[len(p)-1] == '\r'
	if bytes.IndexByte(p, '\r') >= 0 {
		t.bare -= int64(bytes.Count(p, []byte("\r\n")))
	}
	for i := 0; !t.content && i < len(p); i++ {
		t.content = p[i] != 0
	}
}

// virtual is the virtual size of what lies between an earlier state and t.
func (t tally) virtual(since tally) int64 { return t.pos - since.pos + t.bare - since.bare }
