package main

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// printMetadata prints what is known about a message, in the style of dump.
func printMetadata(ctx context.Context, out *printer, m *mailstore.Mail) error {
	saved, err := m.Saved(ctx)
	if err != nil {
		return err
	}
	out.printf("uid %d:\n", m.UID)
	out.printf("flags = %s\n", strings.Join(withRecent(m.Entry), " "))
	out.printf("storage = %s\n", map[bool]string{false: "primary", true: "alternate"}[m.Alt])
	out.printf("saved = %s\n", clock(saved))
	out.printf("size = %s\n", size(m.Size))
	if m.StoredSize != m.Size {
		out.printf("stored-size = %s\n", size(m.StoredSize))
	}
	for i, item := range m.Metadata {
		name, meaning := describe(item, m.Metadata[:i])
		out.printf("msg.%s = %s\n", name, meaning)
	}
	out.printf("\n")
	return nil
}

func withRecent(e mailstore.Entry) []string {
	names := flagNames(e)
	if e.Recent {
		names = append(names, `\Recent`)
	}
	return names
}

// fetchedJSON is a line of fetch.
type fetchedJSON struct {
	Type        string     `json:"type"` // "message"
	UID         uint32     `json:"uid"`
	Flags       []string   `json:"flags"` // \Seen and the like
	Keywords    []string   `json:"keywords"`
	Recent      bool       `json:"recent"`
	Alt         bool       `json:"alt"` // in the alternate storage
	Received    *int64     `json:"received"`
	Saved       *int64     `json:"saved"`
	Size        int64      `json:"size"` // in bytes, with LF
	StoredSize  int64      `json:"stored_size"`
	VirtualSize *int64     `json:"virtual_size"` // with CRLF
	GUID        string     `json:"guid"`
	Metadata    []itemJSON `json:"metadata"`
	Header      *string    `json:"header,omitempty"`
	HeaderBytes []byte     `json:"header_bytes,omitempty"` // base64, where header is not UTF-8
}

func (o fetchOptions) printJSON(ctx context.Context, out *printer, m *mailstore.Mail) error {
	saved, err := m.Saved(ctx)
	if err != nil {
		return err
	}
	system := m.Entry
	system.Keywords = nil
	j := fetchedJSON{
		Type: "message", UID: m.UID, Flags: flagNames(system), Keywords: append([]string{}, m.Keywords...),
		Recent: m.Recent, Alt: m.Alt, Received: seconds(m.Received), Saved: seconds(saved),
		Size: m.Size, StoredSize: m.StoredSize, GUID: m.GUID, Metadata: itemsJSON(m.Metadata),
	}
	if m.VirtualSize != dboxfmt.UnknownSize {
		j.VirtualSize = &m.VirtualSize
	}
	if o.headers {
		header, err := headerOf(ctx, m)
		if err != nil {
			return err
		}
		text := string(header)
		j.Header = &text
		if !utf8.Valid(header) {
			j.HeaderBytes = header
		}
	}
	return out.object(j)
}

// seconds is nil for a time that is not known.
func seconds(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	n := t.Unix()
	return &n
}
