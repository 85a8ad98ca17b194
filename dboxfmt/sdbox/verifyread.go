package sdbox

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// readAll reads the messages that have a file.
func (v *verification) readAll(ctx context.Context) error {
	entries := mailstore.Entries{View: v.view}
	f := &fetch{ctx: ctx, box: v.box, entries: entries, options: mailstore.FetchOptions{Verify: true}, missed: map[uint32]int{}}
	v.guid = guidOf(v.view)
	var uids []uint32
	for e, err := range entries.All(ctx) {
		if err != nil {
			return err
		}
		if v.primary[e.UID] || v.inAlt[e.UID] {
			uids = append(uids, e.UID)
		}
	}
	opener := mailstore.Opener{FS: v.store.fsys, Open: f.open, Again: f.again}
	for mail, err := range mailstore.Ahead(ctx, uids, f.options, opener) {
		if mail == nil {
			return err
		}
		if err == nil {
			err = v.read(ctx, mail)
		}
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			v.found(mail.UID, v.file(mail.UID, mail.Alt), false, err)
		}
	}
	return ctx.Err()
}

// read reads a message to its end and returns what is wrong with it.
func (v *verification) read(ctx context.Context, mail *mailstore.Mail) error {
	body, err := mail.StoredBody(ctx)
	if err != nil {
		return err
	}
	var count crlfCounter
	if _, err := io.Copy(&count, body); err != nil {
		return err
	}
	if _, err := mail.Metadata.GUID(); err != nil {
		return errNoGUID
	}
	if mail.Plain() && mail.VirtualSize != dboxfmt.UnknownSize && count.size != mail.VirtualSize {
		return fmt.Errorf("%w: %d, not %d", errSize, count.size, mail.VirtualSize)
	}
	o, bits := pop3Options(mail.Metadata), flagBits(v.view)
	if o.POP3UIDL != "" && bits&haveUIDL == 0 || o.POP3Order != 0 && bits&haveOrder == 0 {
		v.found(mail.UID, filepath.Join(v.dir, "dovecot.index"), true, errPOP3)
	}
	return nil
}

// crlfCounter counts bytes, with a CR for each LF that has none.
type crlfCounter struct {
	size int64
	last byte
}

func (c *crlfCounter) Write(p []byte) (int, error) {
	c.size += int64(len(p))
	for _, b := range p {
		if b == '\n' && c.last != '\r' {
			c.size++
		}
		c.last = b
	}
	return len(p), nil
}
