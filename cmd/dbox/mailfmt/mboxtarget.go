package mailfmt

import (
	"context"

	"github.com/ringbox/ringbox/cmd/dbox/mbox"
	"github.com/ringbox/ringbox/fsapi"
)

// mboxTarget writes an mbox file.
type mboxTarget struct {
	appended
	out *mbox.Writer
}

// CreateMbox returns a Target that writes an mbox file, which must not exist.
// Without a mail there is no file.
func CreateMbox(ctx context.Context, fsys *fsapi.FS, path string) (Target, error) {
	if err := MustNotExist(ctx, fsys, path); err != nil {
		return nil, err
	}
	t := &mboxTarget{appended: appended{ctx: ctx, fs: fsys}}
	t.create(path)
	t.out = mbox.NewWriter(&t.appended)
	return t, nil
}

// Add implements [Target].
func (t *mboxTarget) Add(m *Mail) (Loss, error) {
	return mboxLoses(m), t.add(func() error { return writeMbox(t.out, m) })
}

// mboxLoses is what an mbox cannot hold of a mail.
func mboxLoses(m *Mail) Loss { return m.has() & (LostGUID | LostPOP3) }

func writeMbox(out *mbox.Writer, m *Mail) error {
	from := mbox.From{Sender: m.Sender, Date: m.Received}
	status := mbox.Status{
		Old: true, Seen: m.Flags.Seen, Answered: m.Flags.Answered, Flagged: m.Flags.Flagged,
		Deleted: m.Flags.Deleted, Draft: m.Flags.Draft, Keywords: m.Keywords,
	}
	if err := out.Create(from, status); err != nil {
		return err
	}
	if err := copyText(out, m); err != nil {
		return err
	}
	return out.Finish()
}
