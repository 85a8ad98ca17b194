package mbox

import (
	"bytes"
	"strings"
)

// Status is what the lines Status, X-Status and X-Keywords say.
type Status struct {
	Seen, Old                         bool // Status: R, O
	Answered, Flagged, Draft, Deleted bool // X-Status: A, F, T, D
	Keywords                          []string
}

// The lines that Writer puts before each message, in this order.
const (
	statusName   = "Status"
	xStatusName  = "X-Status"
	keywordsName = "X-Keywords"
)

// append adds the three lines.
func (s Status) append(dst []byte) []byte {
	letter := func(set bool, c byte) {
		if set {
			dst = append(dst, c)
		}
	}
	dst = append(dst, statusName+": "...)
	letter(s.Seen, 'R')
	letter(s.Old, 'O')
	dst = append(dst, "\n"+xStatusName+": "...)
	letter(s.Answered, 'A')
	letter(s.Flagged, 'F')
	letter(s.Draft, 'T')
	letter(s.Deleted, 'D')
	dst = append(dst, "\n"+keywordsName+": "...)
	dst = append(dst, strings.Join(strings.Fields(strings.Join(s.Keywords, " ")), " ")...)
	return append(dst, '\n')
}

// parseStatus looks at the header of a message, as far as it is in text. The
// first line of each name counts.
func parseStatus(text []byte) (s Status) {
	seen := map[string]bool{}
	for {
		line, rest, ok := bytes.Cut(text, []byte("\n"))
		if !ok || len(bytes.TrimRight(line, "\r")) == 0 {
			return s
		}
		text = rest
		name, value, _ := strings.Cut(string(line), ":")
		if key := strings.ToLower(name); !seen[key] {
			seen[key] = true
			s.set(key, value)
		}
	}
}

func (s *Status) set(key, value string) {
	has := func(c string) bool { return strings.Contains(value, c) }
	switch key {
	case "status":
		s.Seen, s.Old = has("R"), has("O")
	case "x-status":
		s.Answered, s.Flagged, s.Draft, s.Deleted = has("A"), has("F"), has("T"), has("D")
	case "x-keywords":
		s.Keywords = strings.Fields(value)
	}
}

// ownLines returns the length in bytes of the three lines that a Writer has put
// before the text, or 0 if they are not all there.
func ownLines(text []byte) int {
	n := 0
	for _, name := range []string{statusName, xStatusName, keywordsName} {
		line, _, ok := bytes.Cut(text[n:], []byte("\n"))
		if !ok || !bytes.HasPrefix(line, []byte(name+": ")) {
			return 0
		}
		n += len(line) + 1
	}
	return n
}
