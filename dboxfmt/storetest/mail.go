package storetest

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// Save saves messages in one transaction.
func Save(ctx context.Context, t testing.TB, m mailstore.Mailbox, o mailstore.SaveOptions, bodies ...string) []uint32 {
	t.Helper()
	tx := m.Begin()
	for _, body := range bodies {
		require.NoError(t, tx.Save(ctx, strings.NewReader(body), o))
	}
	uids, err := tx.Commit(ctx)
	require.NoError(t, err)
	require.Len(t, uids, len(bodies))
	return uids
}

// Contents are the messages of a mailbox, a line each.
func Contents(ctx context.Context, t testing.TB, m mailstore.Mailbox) (lines []string) {
	t.Helper()
	for mail, err := range m.Fetch(ctx, nil, mailstore.FetchOptions{Verify: true}) {
		require.NoError(t, err)
		body, err := mail.Body(ctx)
		require.NoError(t, err)
		text, err := io.ReadAll(body)
		require.NoError(t, err)
		require.Equal(t, int64(len(text)), mail.Size)
		line := fmt.Sprintf("%d %q", mail.UID, text)
		if mail.Flags != 0 {
			line += " " + mail.Flags.String()
		}
		if len(mail.Keywords) > 0 {
			line += fmt.Sprint(" ", mail.Keywords)
		}
		if mail.Alt {
			line += " alt"
		}
		lines = append(lines, line)
	}
	return lines
}

// SortedFlags joins flags and keywords in one order, without \Recent, which
// depends on who looks.
func SortedFlags(flags []string) string {
	flags = slices.DeleteFunc(slices.Clone(flags), func(f string) bool { return f == `\Recent` })
	slices.Sort(flags)
	return strings.Join(flags, " ")
}
