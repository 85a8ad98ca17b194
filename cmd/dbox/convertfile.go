package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/ringbox/ringbox/cmd/dbox/files"
	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/fsapi"
)

// converted is what became of one file.
type converted struct {
	file     files.Found
	messages int
	written  int64        // bytes
	problem  *files.Piece // it is damaged
	err      error
}

// convertFile writes the messages of a file to a new one.
func convertFile(ctx context.Context, fs *fsapi.FS, found files.Found, dst string, version int) converted {
	r := converted{file: found}
	f, err := files.Open(ctx, fs, found.Path)
	if err != nil {
		r.err = err
		return r
	}
	defer f.Close()
	to := fs.Create(dst, fsapi.FailIfExists, fsapi.Perm{Mode: f.Mode})
	defer to.Close()
	lasting := context.WithoutCancel(ctx) // a commit that has begun is waited for
	w := fsapi.NewWriter(lasting, to)
	if r.err = r.messagesTo(ctx, w, f, version); r.err == nil && r.problem == nil {
		r.err = w.Commit()
	}
	return r
}

func (r *converted) messagesTo(ctx context.Context, w io.Writer, f *files.File, version int) error {
	pieces := f.Pieces(true)
	var box *dboxfmt.Writer
	for {
		p, err := pieces.Next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case p.Problem != "":
			r.problem = &p
			return nil
		}
		if box == nil {
			old, err := pieces.Header()
			if err != nil {
				return err
			}
			header := dboxfmt.NewFileHeader(version, time.Unix(old.Created, 0))
			if box, err = dboxfmt.NewWriter(w, header, dboxfmt.WriterOptions{}); err != nil {
				return err
			}
		}
		msg, err := copyMessage(ctx, box, f, p.Message, version)
		if err != nil {
			return fmt.Errorf("%s: offset %d: %w", f.Name, p.Offset, err)
		}
		r.messages++
		r.written = msg.End()
	}
}

// copyMessage writes a message with the metadata that it has. The checksum is
// new, for version 3.
func copyMessage(ctx context.Context, box *dboxfmt.Writer, f *files.File, m *dboxfmt.Message, version int) (*dboxfmt.Message, error) {
	to, err := box.Create(m.BodySize)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(to, &untilDone{ctx, f.Box().Body(m, false)}); err != nil {
		return nil, err
	}
	meta := m.Metadata.Clone()
	meta.Del('L')
	if version == 2 {
		meta.Del('H')
	}
	return to.Finish(meta)
}

// untilDone reads until its context ends, also where reading never waits.
type untilDone struct {
	ctx context.Context
	io.Reader
}

func (u *untilDone) Read(p []byte) (int, error) {
	if err := context.Cause(u.ctx); err != nil {
		return 0, err
	}
	return u.Reader.Read(p)
}

// convertSummary is the last line of convert.
type convertSummary struct {
	Type     string `json:"type"` // "summary"
	Files    int    `json:"files"`
	Messages int    `json:"messages"`
	Bytes    int64  `json:"bytes"` // written
}

func (s *convertSummary) add(r converted) {
	s.Type = "summary"
	s.Files++
	s.Messages += r.messages
	s.Bytes += r.written
}

func (s *convertSummary) text(o convertOptions) string {
	return fmt.Sprintf("%s with %s converted to version %d: %s, %s",
		count(s.Files, "file"), count(s.Messages, "message"), o.version, o.dst, byteCount(s.Bytes))
}
