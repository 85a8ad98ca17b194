package mdbox

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/dboxfmt/sdbox"
)

// described are the messages of a mailbox with what their files say, a line each.
func described(t *testing.T, b mailstore.Mailbox) (lines []string) {
	for m, err := range b.Fetch(ctx, nil, mailstore.FetchOptions{Verify: true}) {
		require.NoError(t, err)
		body, err := m.StoredBody(ctx)
		require.NoError(t, err)
		text, err := io.ReadAll(body)
		require.NoError(t, err)
		lines = append(lines, fmt.Sprintf("%d %s size %d/%d/%d received %d flags %v %q", m.UID, m.GUID,
			m.Size, m.StoredSize, m.VirtualSize, m.Received.Unix(), m.Flags, text))
	}
	return lines
}

// Compressed messages go from store to store as they are, and within a store when
// no more references are possible.
func TestCompressedMessagesAreCopied(t *testing.T) {
	x := fixture(t, "healthy", "zlib", "mdbox")
	b := x.box("INBOX")
	want := described(t, b)
	require.NotEmpty(t, want)
	all, err := b.(*mailbox).view(ctx)
	require.NoError(t, err)
	uids, err := all.uids(ctx)
	require.NoError(t, err)
	for m, err := range b.Fetch(ctx, nil, mailstore.FetchOptions{}) {
		require.NoError(t, err)
		_, err = m.Body(ctx)
		require.ErrorIs(t, err, mailstore.ErrIncomplete)
	}
	single, err := sdbox.Open(ctx, sdbox.Options{FS: x.opts.FS, Root: t.TempDir(), Version: 2})
	require.NoError(t, err)
	defer single.Close()
	alone, err := single.Open(ctx, "INBOX")
	require.NoError(t, err)
	defer alone.Close()
	for name, to := range map[string]mailstore.Mailbox{
		"version 3": newStore(t, Options{}).box("INBOX"), "version 2": newStore(t, Options{Version: 2}).box("INBOX"),
		"single": alone,
	} {
		_, err = b.Copy(ctx, uids, to)
		require.NoError(t, err, name)
		require.Equal(t, want, described(t, to), name)
	}
	x.changeMap(func(t *mailindex.Transaction, entries []mapped) { t.Increment(refExt, entries[0].uid, MaxRefs-1) })
	within := x.create("within")
	_, err = b.Copy(ctx, uids, within)
	require.NoError(t, err)
	require.Equal(t, want, described(t, within))
	x.changeMap(func(t *mailindex.Transaction, entries []mapped) { t.Increment(refExt, entries[0].uid, 1-MaxRefs) })
}

// A message whose attachments are in files of their own is put together where it
// is known where they are, and comes whole into another store.
func TestAttachments(t *testing.T) {
	x := fixture(t, "healthy", "attach", "mdbox")
	b, y := x.box("INBOX"), newStore(t, Options{})
	to := y.box("INBOX")
	_, err := b.Copy(ctx, []uint32{1}, to)
	require.ErrorIs(t, err, mailstore.ErrIncomplete)

	x.opts.Attachments = filepath.Join(t.TempDir(), "att")
	require.NoError(t, os.CopyFS(x.opts.Attachments, os.DirFS("testdata/healthy/attach/att")))
	_, err = b.Copy(ctx, []uint32{1}, to)
	require.NoError(t, err)
	for _, box := range []mailstore.Mailbox{b, to} {
		list := contents(t, box)
		require.Len(t, list, 1)
		for m, err := range box.Fetch(ctx, nil, mailstore.FetchOptions{}) {
			require.NoError(t, err)
			body, err := m.Body(ctx)
			require.NoError(t, err)
			text, err := io.ReadAll(body)
			require.NoError(t, err)
			sum := sha1.Sum(text)
			require.Equal(t, "acfb62e873baa0df43ed82f75340cc91b4ddbbf5", hex.EncodeToString(sum[:]), "as Dovecot puts it together")
		}
	}
}

// Dovecot reads what it has compressed after it was copied.
func TestCompressedCopyWithDovecot(t *testing.T) {
	settings := []string{"mail_plugins=zlib", "plugin {\n zlib_save=gz\n}"}
	d, e := newDovecot(t, settings...), newDovecot(t, settings...)
	text := "Subject: compressed\n\n" + strings.Repeat("line\n", 500)
	d.Run(text, "save", "-m", "INBOX")
	from, to := newStore(t, Options{Root: d.Root, Version: 2, Logger: quiet}), newStore(t, Options{Root: e.Root, Version: 2, Logger: quiet})
	for m, err := range from.box("INBOX").Fetch(ctx, nil, mailstore.FetchOptions{}) {
		require.NoError(t, err)
		require.False(t, m.Plain())
	}
	_, err := from.box("INBOX").Copy(ctx, []uint32{1}, to.box("INBOX"))
	require.NoError(t, err)
	list := e.JSON("fetch", "size.physical size.virtual text", "ALL")
	require.Len(t, list, 1)
	require.Equal(t, text, list[0]["text"])
	require.Equal(t, fmt.Sprint(len(text)), list[0]["size.physical"])
	require.Equal(t, fmt.Sprint(len(text)+502), list[0]["size.virtual"])
}
