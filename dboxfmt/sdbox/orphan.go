package sdbox

import (
	"context"
	"errors"
	"slices"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// orphans returns the messages whose files have UIDs from next on, which no
// index knows: those of a commit that died after it had named them. They are
// taken in: it is not known whether somebody has been told that they are saved,
// for the index may have been put back to an older state. after is the UID after
// them. A file that is damaged is left to a rebuild; its UID is not used again. The
// log must be locked.
func (b *box) orphans(ctx context.Context, next uint32) (list []*message, after uint32, err error) {
	there, err := b.names(ctx, b.dir)
	if err != nil {
		return nil, 0, err
	}
	slices.Sort(there.uids)
	for _, uid := range there.uids {
		if uid < next || tooHigh(next, uid) {
			continue
		}
		_, m, err := b.read(ctx, b.file(uid, false))
		switch {
		case errors.Is(err, dboxfmt.ErrCorrupt) || errors.Is(err, dboxfmt.ErrTruncated):
			continue
		case err != nil:
			return nil, 0, err
		}
		list = append(list, &message{uid: uid, opts: pop3Options(m.Metadata)})
	}
	return list, max(next, there.next), nil
}

// pop3Options are what the index has to be told of a message's metadata.
func pop3Options(meta dboxfmt.Metadata) (o mailstore.SaveOptions) {
	o.POP3UIDL, _ = meta.POP3UIDL()
	o.POP3Order, _ = meta.POP3Order()
	return o
}

// read reads a message file without its body.
func (b *box) read(ctx context.Context, path string) (dboxfmt.FileHeader, *dboxfmt.Message, error) {
	f := b.store.fsys.Open(path, fsapi.ReadOnly)
	defer f.Close()
	src, err := dboxfmt.OpenSource(ctx, f, "")
	if err != nil {
		return dboxfmt.FileHeader{}, nil, err
	}
	return src.Single()
}
