package files

import (
	"io"

	"github.com/ringbox/ringbox/dboxfmt"
)

// Piece is a message of a dbox file, or damage.
type Piece struct {
	Offset  int64            // in bytes from the start of the file
	Length  int64            // in bytes
	Message *dboxfmt.Message // of damage: what is left of a message; nil if there is none
	Problem string           // what is wrong; empty for a message that is as it should be
}

// Pieces goes through a dbox file, past damage.
type Pieces struct {
	scanner *dboxfmt.Scanner
	size    int64
	first   *dboxfmt.Range // nil until it has been read, or if there is none
	again   bool           // first is to come again
	some    bool           // there was a message or a problem
}

// Pieces returns the pieces of the file; verify compares checksums.
func (f *File) Pieces(verify bool) *Pieces {
	opts := dboxfmt.ScanOptions{Single: IsSingle(f.Name), Verify: verify}
	return &Pieces{scanner: f.Box().Scan(opts), size: f.Size}
}

// Header is the first line of the file. If that is damaged, it is what the
// messages show, and the first piece says so; if there is nothing at all in its
// place it is the zero value.
func (p *Pieces) Header() (dboxfmt.FileHeader, error) {
	if p.first == nil {
		if _, err := p.next(); err != nil && err != io.EOF {
			return dboxfmt.FileHeader{}, err
		}
		p.again = true
	}
	if p.first == nil || p.first.Verdict != dboxfmt.FileHeaderRange {
		return dboxfmt.FileHeader{}, nil
	}
	return p.scanner.Header(), nil
}

// Next returns the next piece, or io.EOF; every other error is one of reading.
// A file without any message has a problem at its end.
func (p *Pieces) Next() (Piece, error) {
	for {
		r, err := p.next()
		if err == io.EOF && !p.some {
			p.some = true
			return Piece{Offset: p.size, Problem: "the file has no message"}, nil
		}
		if err != nil {
			return Piece{}, err
		}
		if r.Verdict == dboxfmt.FileHeaderRange && r.Reason == "" {
			continue
		}
		p.some = true
		return Piece{Offset: r.Offset, Length: r.Length, Message: r.Message, Problem: problem(r)}, nil
	}
}

// problem says in words what is wrong with a range.
func problem(r dboxfmt.Range) string {
	switch r.Verdict {
	case dboxfmt.Intact:
		return ""
	case dboxfmt.FileHeaderRange:
		return r.Reason
	}
	return r.Verdict.String() + ": " + r.Reason
}

func (p *Pieces) next() (dboxfmt.Range, error) {
	if p.again && p.first != nil {
		p.again = false
		return *p.first, nil
	}
	r, err := p.scanner.Next()
	if err == nil && p.first == nil {
		p.first = &r
	}
	return r, err
}
