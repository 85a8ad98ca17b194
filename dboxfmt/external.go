package dboxfmt

import "strings"

// ExternalPart is a piece of the message that is kept in a file of its own.
type ExternalPart struct {
	Start   int64  // where it belongs in the plain message, in bytes
	Size    int64  // how many bytes it has there
	Options string // "-": as is; "B76": base64 in lines of 76; "CB76": with CRLF
	Ref     string // name of the file, relative to the attachment directory
}

// ExternalParts is X: the attachments that were taken out of the body.
func (m Metadata) ExternalParts() ([]ExternalPart, error) {
	v, err := m.text('X')
	if err != nil {
		return nil, err
	}
	words := strings.Split(v, " ")
	if len(words)%4 != 0 {
		return nil, badItem('X', v)
	}
	var parts []ExternalPart
	for ; len(words) > 0; words = words[4:] {
		start, ok1 := parseDecimal(words[0])
		size, ok2 := parseDecimal(words[1])
		if !ok1 || !ok2 || !validOptions(words[2]) || words[3] == "" {
			return nil, badItem('X', v)
		}
		parts = append(parts, ExternalPart{Start: start, Size: size, Options: words[2], Ref: words[3]})
	}
	return parts, nil
}

func validOptions(options string) bool {
	if options == "-" {
		return true
	}
	length, ok := strings.CutPrefix(strings.TrimPrefix(options, "C"), "B")
	n, number := parseDecimal(length)
	return ok && number && n > 0
}
