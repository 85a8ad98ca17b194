package mailstore

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/fsapi"
)

// assembly is a message whose attachments are in files of their own: pieces of
// the stored body, and those files, in turn.
type assembly struct {
	ctx    context.Context
	mail   *Mail
	pieces []piece
	pos    int64
	part   *partReader // that has been read from last
}

// piece is a part of the message.
type piece struct {
	start, size int64                 // in the message
	stored      int64                 // where it is in the stored body, or
	part        *dboxfmt.ExternalPart // in this file
}

// assemble returns how the message is put together; ErrIncomplete if that is not
// known.
func (m *Mail) assemble(ctx context.Context) (*assembly, error) {
	parts, err := m.Metadata.ExternalParts()
	if err != nil {
		return nil, err
	}
	if m.attachment == nil {
		return nil, fmt.Errorf("%w: it has attachments, and it is not known where", ErrIncomplete)
	}
	all := m.StoredSize
	for _, p := range parts {
		all += p.Size
	}
	if all != m.Size { // mostly because the rest is compressed
		return nil, fmt.Errorf("%w: its pieces have %d bytes, it has %d", ErrIncomplete, all, m.Size)
	}
	a := &assembly{ctx: ctx, mail: m}
	var pos, stored int64
	for i, p := range parts {
		if p.Start < pos || p.Start-pos > m.StoredSize-stored {
			return nil, fmt.Errorf("%w: attachment at %d of %d bytes", dboxfmt.ErrMetadata, p.Start, m.Size)
		}
		a.pieces = append(a.pieces, piece{start: pos, size: p.Start - pos, stored: stored}, piece{start: p.Start, size: p.Size, part: &parts[i]})
		stored += p.Start - pos
		pos = p.Start + p.Size
	}
	a.pieces = append(a.pieces, piece{start: pos, size: m.StoredSize - stored, stored: stored})
	return a, nil
}

func (a *assembly) seek(pos int64) { a.pos = pos }

func (a *assembly) read(p []byte) (int, error) {
	for _, piece := range a.pieces {
		at := a.pos - piece.start
		if at < 0 || at >= piece.size {
			continue
		}
		p = p[:min(int64(len(p)), piece.size-at)]
		n, err := a.readPiece(piece, at, p)
		a.pos += int64(n)
		if n > 0 {
			return n, nil
		}
		if err == io.EOF {
			err = fmt.Errorf("%w: a piece at %d ends after %d of %d bytes", dboxfmt.ErrSize, piece.start, at, piece.size)
		}
		return 0, err
	}
	return 0, io.EOF
}

func (a *assembly) readPiece(piece piece, at int64, p []byte) (int, error) {
	if piece.part == nil {
		if _, err := a.mail.stream.Seek(piece.stored+at, io.SeekStart); err != nil {
			return 0, err
		}
		return a.mail.readStored(a.ctx, p)
	}
	if a.part == nil || a.part.part != piece.part || a.part.at > at {
		a.close()
		a.part = a.mail.openPart(a.ctx, piece.part)
	}
	if err := a.part.skip(at); err != nil {
		return 0, err
	}
	return a.part.Read(p)
}

func (a *assembly) close() {
	if a.part != nil {
		_ = a.part.file.Close() // it was only read
		a.part = nil
	}
}

// partReader reads an attachment as it is in the message.
type partReader struct {
	part *dboxfmt.ExternalPart
	file *fsapi.File
	r    io.Reader
	at   int64
}

func (m *Mail) openPart(ctx context.Context, p *dboxfmt.ExternalPart) *partReader {
	file := m.fsys.Open(m.attachment(p.Ref), fsapi.ReadOnly)
	r := io.Reader(fsapi.NewReader(ctx, file))
	if p.Options != "-" {
		r = newLines(r, p.Options)
	}
	return &partReader{part: p, file: file, r: r}
}

func (r *partReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.at += int64(n)
	return n, err
}

func (r *partReader) skip(to int64) error {
	_, err := io.CopyN(io.Discard, r, to-r.at)
	return err
}

// lines encodes what it reads in base64, in lines. The last has no line end.
type lines struct {
	r    io.Reader
	raw  []byte // the bytes of one line
	end  string
	left []byte // encoded and not handed out
	any  bool
	err  error
}

// newLines understands the options of dboxfmt.ExternalPart.
func newLines(r io.Reader, options string) *lines {
	l := &lines{r: r, end: "\n"}
	length, crlf := strings.CutPrefix(options, "C")
	if crlf {
		l.end = "\r\n"
	}
	n, err := strconv.Atoi(strings.TrimPrefix(length, "B"))
	if err != nil || n < 4 || n%4 != 0 || n > 1<<20 {
		l.err = fmt.Errorf("%w: attachment with options %q", dboxfmt.ErrMetadata, options)
		return l
	}
	l.raw = make([]byte, n/4*3)
	return l
}

func (l *lines) Read(p []byte) (int, error) {
	if len(l.left) == 0 && l.err == nil {
		l.fill()
	}
	n := copy(p, l.left)
	l.left = l.left[n:]
	if n == 0 && len(p) > 0 {
		return 0, l.err
	}
	return n, nil
}

func (l *lines) fill() {
	n, err := io.ReadFull(l.r, l.raw)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	l.err = err
	if n == 0 {
		return
	}
	if l.any {
		l.left = append(l.left[:0:0], l.end...)
	}
	l.any = true
	l.left = base64.StdEncoding.AppendEncode(l.left, l.raw[:n])
}
