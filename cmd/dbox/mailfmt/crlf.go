package mailfmt

import "io"

// crlfReader turns every LF into CRLF. A store that saves what it gives ends up
// with the very bytes of r, also where those have CRLF in them.
type crlfReader struct {
	r       io.Reader
	in      [16 << 10]byte
	out     []byte
	pending []byte // of out
	err     error
}

func (c *crlfReader) Read(p []byte) (int, error) {
	for len(c.pending) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		var n int
		n, c.err = c.r.Read(c.in[:])
		c.out = c.out[:0]
		for _, b := range c.in[:n] {
			if b == '\n' {
				c.out = append(c.out, '\r')
			}
			c.out = append(c.out, b)
		}
		c.pending = c.out
	}
	n := copy(p, c.pending)
	c.pending = c.pending[n:]
	return n, nil
}
