package sdbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// Messages that Dovecot has compressed, or whose attachments it has put into files
// of their own, are copied and moved within the store; Dovecot reads the copies,
// also when the originals are gone.
func TestCopyWhatDovecotTransforms(t *testing.T) {
	for _, c := range []struct {
		engine         fsapi.BackendKind
		name, settings string
	}{
		{fsapi.URing, "compressed", "mail_plugins=zlib\nplugin {\n zlib_save=gz\n}"},
		{fsapi.ThreadPool, "attachments", "mail_attachment_dir=%s\nmail_attachment_min_size=1k\nmail_attachment_fs=posix"},
		{fsapi.URing, "both", "mail_attachment_dir=%s\nmail_attachment_min_size=1k\nmail_attachment_fs=posix\nmail_plugins=zlib\nplugin {\n zlib_save=gz\n}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := newFS(t, c.engine, fsapi.SyncNever)
			attachments := filepath.Join(t.TempDir(), "attachments")
			require.NoError(t, os.MkdirAll(attachments, 0o777))
			for dir := attachments; dir != "/tmp"; dir = filepath.Dir(dir) {
				require.NoError(t, os.Chmod(dir, 0o777))
			}
			settings := c.settings
			if strings.Contains(settings, "%s") {
				settings = fmt.Sprintf(settings, attachments)
			}
			d := newDovecot(t, settings)
			d.Run(withAttachment, "save", "-m", "INBOX")
			want := d.JSON("fetch", "text", "ALL")[0]["text"]
			require.Contains(t, want, "SGVsbG8s")
			x := openStore(t, Options{FS: fsys, Root: d.Root, Alt: d.Alt, Version: 2, Logger: quiet, Attachments: attachments})
			m, other := x.open("INBOX"), x.create("other")
			_, err := m.Copy(x.ctx, []uint32{1}, m)
			require.NoError(t, err)
			_, err = m.Copy(x.ctx, []uint32{1}, other)
			require.NoError(t, err)
			_, err = m.Move(x.ctx, []uint32{1}, other)
			require.NoError(t, err)
			x.copyOut(m, c.name)
			texts := func() (n int) {
				for _, r := range d.JSON("fetch", "text", "ALL") {
					require.Equal(t, want, r["text"])
					n++
				}
				return n
			}
			require.Equal(t, 3, texts())
			d.Run("", "expunge", "mailbox", "other", "uid", "1")
			require.Equal(t, 2, texts())
			x.verify()
			d.Run("", "expunge", "mailbox", "*", "all")
			require.Empty(t, filesIn(t, attachments))
		})
	}
}

// copyOut copies to other stores: compressed bytes go there as they are, and
// attachments come into the message.
func (x *fixture) copyOut(m mailstore.Mailbox, what string) {
	for _, version := range []int{2, 3} {
		out := newStore(x.t, x.fsys, func(o *Options) { o.Version = version })
		target := out.open("INBOX")
		uids, err := m.Copy(x.ctx, []uint32{2}, target)
		if what == "both" {
			require.ErrorIs(x.t, err, mailstore.ErrIncomplete)
			continue
		}
		require.NoError(x.t, err)
		require.Len(x.t, uids, 1)
		ours, theirs := x.onlyMail(m), out.onlyMail(target)
		require.Equal(x.t, ours.guid, theirs.guid)
		require.Equal(x.t, ours.size, theirs.size)
		require.Equal(x.t, ours.virtual, theirs.virtual)
		require.Equal(x.t, ours.body, theirs.body)
		require.Equal(x.t, what == "compressed", theirs.stored < theirs.size)
	}
}

// storedMail is what a copy of a message must have too.
type storedMail struct {
	guid                  string
	size, virtual, stored int64
	body                  string // as stored where it is compressed
}

func (x *fixture) onlyMail(m mailstore.Mailbox) (s storedMail) {
	for mail, err := range m.Fetch(x.ctx, nil, mailstore.FetchOptions{Verify: true}) {
		require.NoError(x.t, err)
		body, err := mail.Body(x.ctx)
		if errors.Is(err, mailstore.ErrIncomplete) {
			body, err = mail.StoredBody(x.ctx)
		}
		require.NoError(x.t, err)
		text, err := io.ReadAll(body)
		require.NoError(x.t, err)
		s = storedMail{mail.GUID, mail.Size, mail.VirtualSize, mail.StoredSize, string(text)}
	}
	return s
}

var withAttachment = "Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\ntext\n" +
	"--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename=a\nContent-Transfer-Encoding: base64\n\n" +
	strings.Repeat("SGVsbG8sIHdvcmxkLCBhbmQgYWxsIHRoYXQgaXMgaW4gaXQhISEhISEhISEhISEh\n", 80) + "\n--b--\n"

func filesIn(t *testing.T, dir string) (paths []string) {
	require.NoError(t, filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			paths = append(paths, path)
		}
		return err
	}))
	return paths
}
