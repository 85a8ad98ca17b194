package main

import (
	"unicode/utf8"

	"github.com/ringbox/ringbox/cmd/dbox/files"
	"github.com/ringbox/ringbox/dboxfmt"
)

// jsonDumper prints one object for each file.
type jsonDumper struct {
	out  *printer
	file fileJSON
}

type fileJSON struct {
	File              string        `json:"file"`
	Size              int64         `json:"size"`
	Version           int           `json:"version"`
	MessageHeaderSize int           `json:"message_header_size"`
	Created           int64         `json:"created"` // unix seconds
	Words             []string      `json:"words"`
	Messages          []messageJSON `json:"messages"`
	Problems          []problemJSON `json:"problems"`
}

type messageJSON struct {
	Offset     int64      `json:"offset"`
	Length     int64      `json:"length"`
	BodyOffset int64      `json:"body_offset"`
	BodySize   int64      `json:"body_size"`
	Type       string     `json:"type,omitempty"`
	UID        uint32     `json:"uid,omitempty"`
	Separator  string     `json:"separator,omitempty"`
	Metadata   []itemJSON `json:"metadata"`

	Compression string `json:"compression,omitempty"` // of the body, which was not looked at
}

type itemJSON struct {
	Key     string `json:"key"`
	Name    string `json:"name"`
	Value   string `json:"value"`
	Bytes   []byte `json:"bytes,omitempty"` // base64, where value is not UTF-8
	Meaning string `json:"meaning"`
}

type problemJSON struct {
	Offset int64  `json:"offset"`
	Length int64  `json:"length"`
	Reason string `json:"reason"`
}

func (d *jsonDumper) begin(f *files.File, h dboxfmt.FileHeader) {
	d.file = fileJSON{
		File: f.Name, Size: f.Size, Version: h.Version, MessageHeaderSize: h.MessageHeaderSize,
		Created: h.Created, Words: append([]string{}, h.Words...),
		Messages: []messageJSON{}, Problems: []problemJSON{},
	}
}

func (d *jsonDumper) piece(p files.Piece, compression string) {
	if p.Problem != "" {
		d.file.Problems = append(d.file.Problems, problemJSON{p.Offset, p.Length, p.Problem})
	}
	if p.Message != nil {
		m := toJSON(p.Message)
		m.Compression = compression
		d.file.Messages = append(d.file.Messages, m)
	}
}

func (d *jsonDumper) end() error { return d.out.object(d.file) }

func toJSON(m *dboxfmt.Message) messageJSON {
	j := messageJSON{
		Offset: m.Offset, Length: m.Length, BodyOffset: m.BodyOffset, BodySize: m.BodySize,
		UID: m.UID, Separator: m.Separator, Metadata: itemsJSON(m.Metadata),
	}
	if m.Version < 3 {
		j.Type = string(rune(m.Type))
	}
	return j
}

func itemsJSON(meta dboxfmt.Metadata) []itemJSON {
	items := []itemJSON{}
	for i, item := range meta {
		name, meaning := describe(item, meta[:i])
		it := itemJSON{Key: string(rune(item.Key)), Name: name, Value: item.Value, Meaning: meaning}
		if !utf8.ValidString(item.Value) {
			it.Bytes = []byte(item.Value)
		}
		items = append(items, it)
	}
	return items
}
