package workload

import (
	"bytes"
	"fmt"

	"github.com/ringbox/ringbox/bench/mail"
)

// textCheck is a writer that takes the text of all mails one after the other,
// with LF at the end of lines and a label before each, and nothing else.
type textCheck struct {
	label string
	mails []mail.Message
	next  int    // mail that comes
	want  []byte // of the mail that is coming, label included
	at    int64  // bytes so far
}

func newTextCheck(label string, mails []mail.Message) *textCheck {
	return &textCheck{label: label, mails: mails}
}

// Write takes the next piece of the text.
func (c *textCheck) Write(p []byte) (int, error) {
	for taken := 0; taken < len(p); {
		for len(c.want) == 0 {
			if c.next == len(c.mails) {
				return taken, fmt.Errorf("text goes on at byte %d, after %d messages", c.at, len(c.mails))
			}
			c.want = c.text(c.next)
			c.next++
		}
		n := min(len(c.want), len(p)-taken)
		if !bytes.Equal(p[taken:taken+n], c.want[:n]) {
			return taken, fmt.Errorf("text at byte %d is not that of %s", c.at, c.mails[c.next-1].Name)
		}
		c.want, taken, c.at = c.want[n:], taken+n, c.at+int64(n)
	}
	return len(p), nil
}

func (c *textCheck) text(i int) []byte {
	return append([]byte(c.label), bytes.ReplaceAll(c.mails[i].Data, []byte("\r\n"), []byte("\n"))...)
}

// end reports text that has not come.
func (c *textCheck) end() error {
	switch {
	case len(c.want) > 0:
		return fmt.Errorf("text ends at byte %d, in message %d of %d", c.at, c.next, len(c.mails))
	case c.next < len(c.mails):
		return fmt.Errorf("text ends at byte %d, after %d messages of %d", c.at, c.next, len(c.mails))
	}
	return nil
}
