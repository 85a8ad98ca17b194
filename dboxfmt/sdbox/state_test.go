package sdbox

import (
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/dboxfmt/storetest"
)

// state returns the whole store, a line for each mailbox, message and
// subscription.
func (x *fixture) state() (lines []string) {
	x.t.Helper()
	list, err := x.Mailboxes(x.ctx)
	require.NoError(x.t, err)
	for _, info := range list {
		if info.Selectable {
			lines = append(lines, x.mailboxState(info.Name)...)
		}
	}
	names, err := x.Subscriptions(x.ctx)
	require.NoError(x.t, err)
	for _, name := range names {
		lines = append(lines, "subscribed "+name)
	}
	return lines
}

func (x *fixture) mailboxState(name string) []string {
	m, err := x.Store.Open(x.ctx, name)
	require.NoError(x.t, err)
	defer m.Close()
	s, err := m.Status(x.ctx)
	require.NoError(x.t, err)
	lines := []string{fmt.Sprintf("%s: %d messages, %d unseen, uidnext %d, uidvalidity %d, guid %s",
		name, s.Messages, s.Unseen, s.UIDNext, s.UIDValidity, hex.EncodeToString(s.GUID[:]))}
	for mail, err := range m.Fetch(x.ctx, nil, mailstore.FetchOptions{Verify: true}) {
		require.NoError(x.t, err)
		lines = append(lines, name+" "+x.describe(mail))
	}
	return lines
}

func (x *fixture) describe(mail *mailstore.Mail) string {
	body, err := mail.Body(x.ctx)
	require.NoError(x.t, err)
	text, err := io.ReadAll(body)
	require.NoError(x.t, err)
	uidl, _ := mail.Metadata.POP3UIDL()
	order := ""
	if n, err := mail.Metadata.POP3Order(); err == nil {
		order = strconv.Itoa(int(n))
	}
	received := int64(0) // Dovecot has no other word for a time that is not known
	if !mail.Received.IsZero() {
		received = mail.Received.Unix()
	}
	flags := append(strings.Fields(mail.Flags.String()), mail.Keywords...)
	return fmt.Sprintf("%06d [%s] %s %d/%d received %d pop3 %q %q %q", mail.UID, storetest.SortedFlags(flags), mail.GUID,
		mail.Size, mail.VirtualSize, received, uidl, order, text)
}
