package sdbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// attachment is where the attachment of a message is. Single-dbox has a file of
// its own for each message.
func (b *box) attachment(uid uint32, ref string) string {
	return filepath.Join(b.store.opts.Attachments, filepath.Join("/", fmt.Sprintf("%s-%x-%d", ref, b.guid, uid)))
}

// removeAttachments removes what belongs to messages, if it is known where. It
// reads that from their files. What cannot be read stays.
func (b *box) removeAttachments(ctx context.Context, list []mailstore.Entry) (err error) {
	if b.store.opts.Attachments == "" {
		return nil
	}
	for _, e := range list {
		_, m, failed := b.read(ctx, b.file(e.UID, e.Alt))
		if errors.Is(failed, fs.ErrNotExist) {
			_, m, failed = b.read(ctx, b.file(e.UID, !e.Alt))
		}
		if failed != nil {
			continue
		}
		parts, failed := m.Metadata.ExternalParts()
		if failed != nil {
			continue
		}
		for _, p := range parts {
			err = errors.Join(err, mailstore.IgnoreMissing(b.store.fsys.Remove(ctx, b.attachment(e.UID, p.Ref))))
		}
	}
	return err
}

// attached are the attachments of a message that is copied: they are files of their
// own, for each message.
type attached struct {
	from  func(ref string) string // where the message that is copied has them
	refs  []string
	named []string // the names that the copy has got
}

// attachments returns those of a message that is copied, nil if it has none.
func (b *box) attachments(uid uint32, meta dboxfmt.Metadata) (*attached, error) {
	if _, ok := meta.Get('X'); !ok {
		return nil, nil
	}
	parts, err := meta.ExternalParts()
	if err != nil {
		return nil, err
	}
	if b.store.opts.Attachments == "" {
		return nil, fmt.Errorf("%w: it has attachments, and it is not known where", mailstore.ErrIncomplete)
	}
	a := &attached{from: func(ref string) string { return b.attachment(uid, ref) }}
	for _, p := range parts {
		a.refs = append(a.refs, p.Ref)
	}
	return a, nil
}

// nameAttachments gives the attachments of copies their names, durably. A name
// that is taken is from a copy that has died: a reference stands for one content.
func (b *box) nameAttachments(ctx context.Context, list []*message) error {
	dirs := map[string]bool{}
	for _, m := range list {
		if m.attached == nil {
			continue
		}
		for _, ref := range m.attached.refs {
			name := b.attachment(m.uid, ref)
			err := b.store.fsys.Link(ctx, m.attached.from(ref), name)
			if err == nil {
				m.attached.named = append(m.attached.named, name)
			} else if !errors.Is(err, fs.ErrExist) {
				return err
			}
			dirs[filepath.Dir(name)] = true
		}
	}
	for dir := range dirs {
		if err := b.store.fsys.SyncDir(ctx, dir); err != nil {
			return err
		}
	}
	return nil
}

// unnameAttachments takes back what nameAttachments did.
func (b *box) unnameAttachments(ctx context.Context, m *message) (err error) {
	if m.attached == nil {
		return nil
	}
	for _, name := range m.attached.named {
		err = errors.Join(err, mailstore.IgnoreMissing(b.store.fsys.Remove(ctx, name)))
	}
	m.attached.named = nil
	return err
}
