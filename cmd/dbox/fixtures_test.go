package main

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// toldMail is what Dovecot has said about a message when the store was made.
type toldMail struct {
	Mailbox string   `json:"mailbox"` // each byte of it a character
	UID     string   `json:"uid"`
	Flags   []string `json:"flags"`
	GUID    string   `json:"guid"`
	SHA1    string   `json:"text_sha1_lf"`
}

func (m toldMail) mailbox() string {
	var name []byte
	for _, r := range m.Mailbox {
		name = append(name, byte(r))
	}
	return string(name)
}

// What Dovecot wrote is read as Dovecot reads it.
func TestHealthyStores(t *testing.T) {
	all, err := filepath.Glob(filepath.Join(besideProject(t, "stores written by Dovecot are not here", "fixtures/dovecot"), "healthy-*"))
	require.NoError(t, err)
	require.NotEmpty(t, all)
	for _, fixture := range all {
		t.Run(filepath.Base(fixture), func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.CopyFS(dir, os.DirFS(fixture)))
			kind := strings.Split(filepath.Base(fixture), "-")[1]
			store := kind + ":" + filepath.Join(dir, kind)
			if slices.Contains(names(t, dir), "alt") {
				store += ":ALT=" + filepath.Join(dir, "alt")
			}
			healthy(t, store)
			var expected struct {
				Mails []toldMail `json:"mails_by_doveadm_fetch"`
			}
			require.NoError(t, json.Unmarshal([]byte(readFile(t, filepath.Join(fixture, "expected.json"))), &expected))
			require.NotEmpty(t, expected.Mails)
			for _, m := range expected.Mails {
				got := objects[fetchedJSON](t, "fetch", "--json", store, m.mailbox(), m.UID)
				require.Len(t, got, 1)
				require.Equal(t, m.GUID, got[0].GUID)
				require.ElementsMatch(t, m.Flags, append(got[0].Flags, got[0].Keywords...))
				text := ok(t, "fetch", store, m.mailbox(), m.UID, "--attachments", filepath.Join(dir, "att-"+kind))
				if isASCII(text) {
					sum := sha1.Sum([]byte(text))
					require.Equal(t, m.SHA1, hex.EncodeToString(sum[:]), "%s %s", m.mailbox(), m.UID)
				}
			}
			other := map[string]string{"sdbox": "mdbox", "mdbox": "sdbox"}[kind] + ":" + filepath.Join(dir, "copy")
			ok(t, "import", store, other, "--attachments", filepath.Join(dir, "att-"+kind))
			require.Len(t, state(t, other), len(expected.Mails)+len(objects[mailboxJSON](t, "list", "--json", other)))
			require.Equal(t, ok(t, "list", store), ok(t, "list", other))
			healthy(t, other)
		})
	}
}

// What is wrong with a store is found, and a rebuild puts it right without
// dropping a message that is there.
func TestDamagedStores(t *testing.T) {
	root := besideProject(t, "stores damaged on purpose are not here", "fixtures/dovecot")
	// These have nothing wrong, or what nobody loses anything by.
	fine := map[string]bool{
		"c32-bad-type": true, "c33-meta-lowercase-key": true, "c35-extra-unmapped-msg": true, "s11-extra-file": true, "ok": true,
		"B-orphan-tail-then-save": true, "B2-orphan-then-save-expunge-purge": true,
	}
	for group, kind := range map[string]string{"corrupt-mdbox": "mdbox", "rebuild-mdbox": "mdbox", "crash-mdbox": "mdbox", "corrupt-sdbox": "sdbox"} {
		all, err := os.ReadDir(filepath.Join(root, group))
		require.NoError(t, err)
		for _, e := range all {
			t.Run(group+"/"+e.Name(), func(t *testing.T) {
				dir := t.TempDir()
				require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(root, group, e.Name()))))
				for _, sub := range []string{"before", kind} {
					if slices.Contains(names(t, dir), sub) {
						dir = filepath.Join(dir, sub)
					}
				}
				store := kind + ":" + dir
				o := dbox(t, "verify", store)
				require.Equal(t, fine[e.Name()], o.code == exitOK, "%+v", o)
				ok(t, "rebuild", store)
				healthy(t, store)
			})
		}
	}
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}
