package mailstore

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/fsapi"
)

// spoolMemory is how much of a message of unknown size stays in memory when the
// size has to be known first, in bytes.
const spoolMemory = 256 << 10

// Messages writes message files: what Save of both kinds of store has in common.
type Messages struct {
	FS      *fsapi.FS
	Version int    // 2 or 3
	Dir     string // for temporary files
	Now     func() time.Time
}

// Write reads a message to its end, and appends it to w, which must be one that
// waits. mailbox is the item B; "": none.
func (s Messages) Write(ctx context.Context, w *dboxfmt.FileWriter, body io.Reader, o SaveOptions, mailbox string) (*dboxfmt.Message, error) {
	meta, err := s.metadata(o, mailbox)
	if err != nil {
		return nil, err
	}
	o.KeepCRLF = o.KeepCRLF || len(o.Stored) > 0
	if s.Version != 2 {
		m, err := w.Create(dboxfmt.UnknownSize)
		if err != nil {
			return nil, err
		}
		if err := copyText(ctx, m, body, o.KeepCRLF); err != nil {
			return nil, err
		}
		return m.Finish(meta)
	}
	m, err := w.CreateSpooled(dboxfmt.SpoolOptions{Memory: spoolMemory, New: dboxfmt.NewFileSpool(ctx, s.FS, s.Dir)})
	if err != nil {
		return nil, err
	}
	if err := copyText(ctx, m, body, o.KeepCRLF); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	msg, err := m.Finish(meta)
	if err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return msg, nil
}

// metadata returns the items that SaveOptions ask for.
func (s Messages) metadata(o SaveOptions, mailbox string) (dboxfmt.Metadata, error) {
	received, guid := o.Received, o.GUID
	if received.IsZero() {
		received = s.Now()
	}
	if received.Unix() < 0 {
		return nil, fmt.Errorf("received %v: before 1970: %w", received, dboxfmt.ErrItem)
	}
	if guid == "" {
		guid = NewGUID()
	}
	meta := o.Stored.Clone()
	meta.Set('R', strconv.FormatInt(received.Unix(), 16))
	if o.POP3UIDL != "" {
		meta.Set('P', o.POP3UIDL)
	}
	if o.POP3Order != 0 {
		meta.Set('O', strconv.FormatUint(uint64(o.POP3Order), 10))
	}
	meta.Set('G', guid)
	if mailbox != "" {
		meta.Set('B', mailbox)
	}
	if !o.Saved.IsZero() && o.Saved.Unix() >= 0 {
		meta.Add('S', strconv.FormatInt(o.Saved.Unix(), 16))
	}
	return meta, nil
}

// NewGUID returns a GUID for a message: 32 hex digits.
func NewGUID() string {
	var id [16]byte
	rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

// copyText copies a message and, unless keepCRLF, turns CRLF into LF; a CR on
// its own stays.
func copyText(ctx context.Context, w io.Writer, r io.Reader, keepCRLF bool) error {
	buf := make([]byte, 32<<10)
	kept := 0 // bytes at the start of buf: a CR whose successor is not known
	for ctx.Err() == nil {
		n, err := r.Read(buf[kept:])
		p := buf[:kept+n]
		kept = 0
		if err == nil && !keepCRLF && bytes.HasSuffix(p, []byte{'\r'}) {
			kept = 1
		}
		text := p[:len(p)-kept]
		if !keepCRLF {
			text = withoutCR(text)
		}
		if _, werr := w.Write(text); werr != nil {
			return werr
		}
		if kept == 1 {
			buf[0] = '\r'
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("message to save: %w", err)
		}
	}
	return ctx.Err()
}

// withoutCR removes, in place, each CR before an LF.
func withoutCR(p []byte) []byte {
	at := bytes.Index(p, []byte("\r\n"))
	if at < 0 {
		return p
	}
	out := p[:at]
	for p = p[at+1:]; ; p = p[at+1:] {
		if at = bytes.Index(p, []byte("\r\n")); at < 0 {
			return append(out, p...)
		}
		out = append(out, p[:at]...)
	}
}
