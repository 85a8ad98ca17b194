package main

import (
	"strings"
	"time"

	"github.com/ringbox/ringbox/cmd/dbox/files"
	"github.com/ringbox/ringbox/dboxfmt"
)

// textDumper prints for people.
type textDumper struct {
	out  *printer
	more bool // it is not the first file
}

func (d *textDumper) begin(f *files.File, h dboxfmt.FileHeader) {
	if d.more {
		d.out.printf("\n")
	}
	d.more = true
	d.out.printf("file %s: %s\n", f.Name, byteCount(f.Size))
	if h.Version == 0 {
		return
	}
	d.out.printf("file.version = %d\n", h.Version)
	d.out.printf("file.msg_header_size = %d\n", h.MessageHeaderSize)
	if h.Created != 0 {
		d.out.printf("file.create_stamp = %s\n", clock(time.Unix(h.Created, 0)))
	}
	for _, word := range h.Words {
		if !strings.ContainsRune("MC", rune(word[0])) {
			d.out.printf("file.other_word = %s\n", printable(word))
		}
	}
}

func (d *textDumper) piece(p files.Piece, compression string) {
	d.out.printf("\noffset %d:\n", p.Offset)
	if p.Problem != "" {
		d.out.printf("problem = %s\n", p.Problem)
	}
	if p.Message == nil {
		if p.Length > 0 {
			d.out.printf("length = %s\n", size(p.Length))
		}
		return
	}
	d.message(p.Message)
	if compression != "" {
		d.out.printf("msg.compression = %s (the text was not looked at)\n", compression)
	}
}

func (d *textDumper) message(m *dboxfmt.Message) {
	d.out.printf("msg.size = %s\n", size(m.BodySize))
	d.out.printf("msg.body-offset = %d\n", m.BodyOffset)
	d.out.printf("msg.length = %s\n", size(m.Length))
	if m.Separator != "" {
		d.out.printf("msg.separator = %s\n", printable(m.Separator))
	}
	if m.Version == 1 {
		d.out.printf("msg.uid = %d\n", m.UID)
	}
	if m.Version < 3 && m.Type != 'N' {
		d.out.printf("msg.type = %q\n", m.Type)
	}
	for i, item := range m.Metadata {
		name, meaning := describe(item, m.Metadata[:i])
		d.out.printf("msg.%s = %s\n", name, meaning)
	}
}

func (d *textDumper) end() error { return nil }
