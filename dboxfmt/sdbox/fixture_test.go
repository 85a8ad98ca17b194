package sdbox

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/dboxfmt/storetest"
	"github.com/ringbox/ringbox/fsapi"
)

// fixtures returns the directory of stores that Dovecot has written.
func fixtures(t *testing.T, name string) string {
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		require.NotEqual(t, dir, filepath.Dir(dir), "no go.mod above")
		dir = filepath.Dir(dir)
	}
	path := filepath.Join(dir, "..", "shared", "fixtures", "dovecot", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("SKIPPED: stores written by Dovecot: %v", err)
	}
	return path
}

// openFixture opens a copy of a store.
func openFixture(t *testing.T, store, alt string) *fixture {
	root := filepath.Join(t.TempDir(), "sdbox")
	require.NoError(t, os.CopyFS(root, os.DirFS(store)))
	o := Options{FS: newFS(t, fsapi.ThreadPool, fsapi.SyncNever), Root: root, Version: 2, Logger: quiet}
	if alt != "" {
		o.Alt = filepath.Join(filepath.Dir(root), "alt")
		require.NoError(t, os.CopyFS(o.Alt, os.DirFS(alt)))
	}
	return openStore(t, o)
}

func TestHealthyFixture(t *testing.T) {
	dir := fixtures(t, "healthy-sdbox-small")
	b, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	require.NoError(t, err)
	var expected struct {
		Mails []struct {
			Mailbox, UID, GUID string
			Flags              []string
			SHA1               string `json:"text_sha1_lf"`
		} `json:"mails_by_doveadm_fetch"`
	}
	require.NoError(t, json.Unmarshal(b, &expected))
	require.NotEmpty(t, expected.Mails)
	store := filepath.Join(t.TempDir(), "store")
	require.NoError(t, os.CopyFS(store, withoutLinks(t, filepath.Join(dir, "sdbox"))))
	x := openFixture(t, store, filepath.Join(dir, "alt"))
	var got []string
	for _, name := range []string{"Archive", "INBOX"} {
		m := x.open(name)
		for mail, err := range m.Fetch(x.ctx, nil, mailstore.FetchOptions{}) {
			require.NoError(t, err)
			body, err := mail.Body(x.ctx)
			require.NoError(t, err)
			text, err := io.ReadAll(body)
			require.NoError(t, err)
			sum := sha1.Sum(text)
			got = append(got, strings.Join([]string{
				name, strconv.Itoa(int(mail.UID)), mail.GUID, storetest.SortedFlags(append(strings.Fields(mail.Flags.String()), mail.Keywords...)),
				hex.EncodeToString(sum[:]),
			}, " "))
		}
	}
	var want []string
	for _, m := range expected.Mails {
		want = append(want, strings.Join([]string{m.Mailbox, m.UID, m.GUID, storetest.SortedFlags(m.Flags), m.SHA1}, " "))
	}
	slices.Sort(want)
	require.Equal(t, want, got)
	report, err := x.Rebuild(x.ctx)
	require.NoError(t, err)
	require.Empty(t, report.Notes, "nothing to do")
}

// What Dovecot's own rebuild keeps of damaged stores is the least to be kept.
func TestCorruptFixtures(t *testing.T) {
	const intact = "From: a@example.org\nTo: b@example.org\nSubject: msg %\nDate: Mon, 1 Jan 2024 00:00:0% +0000\nMessage-ID: <%@example.org>\n\nBody of message %\nline two\n"
	mail := func(n string) string { return strings.ReplaceAll(intact, "%", n) }
	for _, c := range []struct {
		name     string
		harmless bool              // the damage
		want     map[uint32]string // whole messages
		rest     []uint32          // of which something is left
	}{
		{"s01-trunc-body", false, map[uint32]string{1: mail("1"), 3: mail("3")}, []uint32{2}},
		{"s04-flip-premagic", false, map[uint32]string{1: mail("1"), 2: mail("2"), 3: mail("3")}, nil},
		{"s05-size-wrong", false, map[uint32]string{1: mail("1"), 2: mail("2"), 3: mail("3")}, nil},
		{"s07-empty-file", false, map[uint32]string{1: mail("1"), 3: mail("3")}, nil},
		{"s08-missing-file", false, map[uint32]string{1: mail("1"), 3: mail("3")}, nil},
		{"s09-index-deleted", false, map[uint32]string{1: mail("1"), 2: mail("2"), 3: mail("3")}, nil},
		{"s11-extra-file", true, map[uint32]string{1: mail("1"), 2: mail("2"), 3: mail("3"), 7: mail("1")}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := openFixture(t, filepath.Join(fixtures(t, "corrupt-sdbox"), c.name, "before"), "")
			var problems []mailstore.Problem
			require.NoError(t, x.Verify(x.ctx, func(p mailstore.Problem) { problems = append(problems, p) }))
			require.NotEmpty(t, problems)
			for _, p := range problems {
				require.Equal(t, c.harmless, p.Harmless, p)
			}
			report, err := x.Rebuild(x.ctx)
			require.NoError(t, err)
			require.NotEmpty(t, report.Notes)
			got, rest := map[uint32]string{}, []uint32(nil)
			for mail, err := range x.open("INBOX").Fetch(x.ctx, nil, mailstore.FetchOptions{Verify: true}) {
				require.NoError(t, err)
				body, err := mail.Body(x.ctx)
				require.NoError(t, err)
				text, err := io.ReadAll(body)
				require.NoError(t, err)
				if slices.Contains(c.rest, mail.UID) {
					rest = append(rest, mail.UID)
					require.True(t, strings.HasPrefix(intact, string(text[:20])))
					continue
				}
				got[mail.UID] = string(text)
			}
			require.Equal(t, c.want, got, report.Notes)
			require.Equal(t, c.rest, rest)
			report, err = x.Rebuild(x.ctx)
			require.NoError(t, err)
			require.Empty(t, report.Notes, "a second time there is nothing to do")
		})
	}
}

// withoutLinks is a directory without its symbolic links, which CopyFS refuses.
func withoutLinks(t *testing.T, dir string) fs.FS {
	fsys := fstest.MapFS{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		require.NoError(t, err)
		b, err := os.ReadFile(path)
		fsys[filepath.ToSlash(rel)] = &fstest.MapFile{Data: b, Mode: 0o600}
		return err
	}))
	return fsys
}

// A message whose attachments are elsewhere is not handed out without them.
func TestAttachmentsFixture(t *testing.T) {
	dir := fixtures(t, "healthy-sdbox-attach")
	x := openFixture(t, filepath.Join(dir, "sdbox"), "")
	m := x.open("INBOX")
	one := func() (mail *mailstore.Mail, done func()) {
		next, stop := iter.Pull2(m.Fetch(x.ctx, nil, mailstore.FetchOptions{}))
		mail, err, ok := next()
		require.True(t, ok)
		require.NoError(t, err)
		return mail, stop
	}
	mail, done := one()
	require.Equal(t, int64(7171), mail.Size)
	require.Less(t, mail.StoredSize, mail.Size)
	_, err := mail.Body(x.ctx)
	require.ErrorIs(t, err, mailstore.ErrIncomplete)
	stored, err := mail.StoredBody(x.ctx)
	require.NoError(t, err)
	text, err := io.ReadAll(stored)
	require.NoError(t, err)
	require.Len(t, text, int(mail.StoredSize))
	done()
	_, err = m.Copy(x.ctx, []uint32{1}, m)
	require.ErrorIs(t, err, mailstore.ErrIncomplete)
	require.Empty(t, temporary(t, x))

	x.opts.Attachments = filepath.Join(t.TempDir(), "att")
	require.NoError(t, os.CopyFS(x.opts.Attachments, os.DirFS(filepath.Join(dir, "att-sdbox"))))
	mail, done = one()
	body, err := mail.Body(x.ctx)
	require.NoError(t, err)
	text, err = io.ReadAll(body)
	require.NoError(t, err)
	sum := sha1.Sum(text)
	require.Equal(t, "acfb62e873baa0df43ed82f75340cc91b4ddbbf5", hex.EncodeToString(sum[:]), "as Dovecot puts it together")
	for _, at := range []int64{7170, 0, 3000, 245, 2999, 7171} {
		_, err := body.Seek(at, io.SeekStart)
		require.NoError(t, err)
		rest, err := io.ReadAll(iotest.HalfReader(body))
		require.NoError(t, err)
		require.Equal(t, string(text[at:]), string(rest), "from %d on", at)
	}
	done()
	copied, err := m.Copy(x.ctx, []uint32{1}, m)
	require.NoError(t, err)
	require.NoError(t, m.Expunge(x.ctx, []uint32{1}))
	mail, done = one()
	require.Equal(t, copied[0], mail.UID)
	body, err = mail.Body(x.ctx)
	require.NoError(t, err)
	again, err := io.ReadAll(body)
	require.NoError(t, err)
	require.Equal(t, string(text), string(again), "a copy has attachments of its own")
	done()
	require.NoError(t, m.Expunge(x.ctx, copied))
	left := 0
	require.NoError(t, filepath.WalkDir(x.opts.Attachments, func(_ string, e fs.DirEntry, err error) error {
		if !e.IsDir() {
			left++
		}
		return err
	}))
	require.Zero(t, left)
}
