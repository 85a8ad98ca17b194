package mdbox

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/dboxfmt/storetest"
)

// state is the whole store, a line for each mailbox and each message.
func (x *store) state() (lines []string) {
	x.t.Helper()
	list, err := x.Mailboxes(ctx)
	require.NoError(x.t, err)
	for _, info := range list {
		if !info.Selectable {
			continue
		}
		b, err := x.Open(ctx, info.Name)
		require.NoError(x.t, err)
		s, err := b.Status(ctx)
		require.NoError(x.t, err)
		mails, size := x.mails(b.(*mailbox))
		lines = append(append(lines, mails...), fmt.Sprintf("%s: %d messages, %d unseen, %d bytes, uidnext %d, uidvalidity %d, guid %x",
			info.Name, s.Messages, s.Unseen, size, s.UIDNext, s.UIDValidity, s.GUID))
		require.NoError(x.t, b.Close())
	}
	slices.Sort(lines)
	return lines
}

func (x *store) mails(b *mailbox) (lines []string, size int64) {
	x.t.Helper()
	v, err := b.view(ctx)
	require.NoError(x.t, err)
	m, err := x.mapNow(ctx)
	require.NoError(x.t, err)
	for mail, err := range b.Fetch(ctx, nil, mailstore.FetchOptions{Verify: true}) {
		require.NoError(x.t, err)
		body, err := mail.StoredBody(ctx)
		require.NoError(x.t, err)
		text, err := io.ReadAll(body)
		require.NoError(x.t, err)
		rec, err := v.Find(ctx, mail.UID)
		require.NoError(x.t, err)
		r := v.record(rec)
		e, err := m.find(ctx, r.mapUID)
		require.NoError(x.t, err)
		size += mail.VirtualSize
		flags := append(strings.Fields(mail.Flags.String()), mail.Keywords...)
		lines = append(lines, fmt.Sprintf("%s %06d [%s] %s refs %d size %d/%d received %d saved %d pop3 %q %q %q",
			b.name, mail.UID, storetest.SortedFlags(flags), mail.GUID, e.refs, mail.Size, mail.VirtualSize,
			mail.Received.Unix(), r.saved, item(mail.Metadata, 'P'), item(mail.Metadata, 'O'), text))
	}
	return lines, size
}

func item(m dboxfmt.Metadata, key byte) string {
	value, _ := m.Get(key)
	if n, err := strconv.Atoi(value); key == 'O' && err == nil {
		value = strconv.Itoa(n)
	}
	return value
}
