package stores

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

func newFS(t *testing.T) *fsapi.FS {
	fs, err := fsapi.New(fsapi.Options{Logger: slog.New(slog.DiscardHandler), Sync: fsapi.SyncNever})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, fs.Close()) })
	return fs
}

func TestParse(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	for text, want := range map[string]Location{
		"sdbox:/a/b":            {Kind: Single, Root: "/a/b"},
		"mdbox:a:ALT=/b c":      {Kind: Multi, Root: "a", Alt: "/b c"},
		"a:ALT=b":               {Root: "a", Alt: "b"},
		"a:b":                   {Root: "a:b"},
		"mdbox:~/m:ALT=~/a":     {Kind: Multi, Root: filepath.Join(home, "m"), Alt: filepath.Join(home, "a")},
		`mdbox:C:\m:ALT=D:\m`:   {Kind: Multi, Root: `C:\m`, Alt: `D:\m`},
		"sdbox-files:x":         {Root: "sdbox-files:x"}, // a path like any other
		"mdbox:x:alt=is a path": {Kind: Multi, Root: "x:alt=is a path"},
	} {
		got, err := Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
		again, err := Parse(got.String())
		require.NoError(t, err)
		require.Equal(t, got, again)
	}
	for _, text := range []string{"", "sdbox:", "mdbox::ALT=x", "mdbox:x:ALT=", "mdbox:x:INDEX=/y", "mdbox:x:ALT=a:CONTROL=b"} {
		_, err := Parse(text)
		require.Error(t, err, text)
	}
}

// makeFiles makes empty files, and directories where a name ends with "/".
func makeFiles(t *testing.T, root string, names ...string) {
	for _, name := range names {
		path := filepath.Join(root, name)
		dir := filepath.Dir(path)
		if strings.HasSuffix(name, "/") {
			dir = path
		}
		require.NoError(t, os.MkdirAll(dir, 0o700))
		if dir != path {
			require.NoError(t, os.WriteFile(path, nil, 0o600))
		}
	}
}

func TestLayout(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  Kind
	}{
		{[]string{"storage/", "mailboxes/"}, Multi},
		{[]string{"storage/dovecot.map.index.log"}, Multi},
		{[]string{"mailboxes/INBOX/dbox-Mails/", "dovecot-uidvalidity"}, Single},
		{[]string{"mailboxes/", "dovecot.list.index.log"}, Single},
		{[]string{"storage/m.1"}, ""},                          // alternate storage of an mdbox
		{[]string{"mailboxes/INBOX/dbox-Mails/u.1"}, ""},       // of an sdbox
		{[]string{"storage/", "dovecot-uidvalidity"}, ""},      // whatever that is
		{[]string{"storage", "mailboxes", "cur/", "new/"}, ""}, // files
	} {
		root := t.TempDir()
		makeFiles(t, root, c.names...)
		kind, err := Layout(t.Context(), newFS(t), root)
		require.NoError(t, err)
		require.Equal(t, c.want, kind, c.names)
	}
}

// A store is made only where there is to be one, and none is taken for another.
func TestFind(t *testing.T) {
	root := t.TempDir()
	makeFiles(t, root, "s/mailboxes/", "s/subscriptions", "m/storage/", "m/mailboxes/", "hand/mailboxes/", "dir/x")
	for _, c := range []struct {
		kind       Kind
		name       string
		create, ok bool
		want       Kind
	}{
		{"", "s", false, true, Single},
		{"", "m", false, true, Multi},
		{Single, "s", false, true, Single},
		{Multi, "s", false, true, Multi}, // an mdbox that has lost its storage
		{Single, "m", false, false, ""},
		{"", "hand", false, false, ""},
		{Single, "hand", false, true, Single},
		{"", "dir", true, false, ""},
		{Multi, "dir", false, false, ""},
		{Multi, "dir", true, true, Multi},
		{Multi, "none", false, false, ""},
		{"", "none", true, false, ""},
		{Multi, "none", true, true, Multi},
	} {
		l, err := Location{Kind: c.kind, Root: filepath.Join(root, c.name)}.Find(t.Context(), newFS(t), c.create)
		require.Equal(t, c.ok, err == nil, "%+v: %v", c, err)
		if c.ok {
			require.Equal(t, c.want, l.Kind, "%+v", c)
		}
	}
	require.NoDirExists(t, filepath.Join(root, "none"))
}

// saveOne saves a message and returns the first byte of all message files.
func saveOne(t *testing.T, l Location, version int) string {
	s, err := Open(t.Context(), l, Options{FS: newFS(t), Version: version, Create: true})
	require.NoError(t, err)
	box, err := s.Open(t.Context(), "INBOX")
	require.NoError(t, err)
	tx := box.Begin()
	require.NoError(t, tx.Save(t.Context(), strings.NewReader("Subject: x\n\n"), mailstore.SaveOptions{}))
	_, err = tx.Commit(context.Background())
	require.NoError(t, err)
	require.NoError(t, box.Close())
	require.NoError(t, s.Close())
	versions := ""
	require.NoError(t, filepath.WalkDir(l.Root, func(path string, e os.DirEntry, err error) error {
		if name := filepath.Base(path); strings.HasPrefix(name, "m.") || strings.HasPrefix(name, "u.") {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			versions += string(text[:1])
		}
		return err
	}))
	return versions
}

// A store for Dovecot gets no file of version 3 by accident.
func TestVersion(t *testing.T) {
	for _, kind := range []Kind{Single, Multi} {
		t.Run(string(kind), func(t *testing.T) {
			l := Location{Kind: kind, Root: filepath.Join(t.TempDir(), "new")}
			require.Equal(t, "3", saveOne(t, l, 0)[:1], "a new store")
			require.NotContains(t, saveOne(t, l, 0), "2", "stays with 3")

			l.Root = filepath.Join(t.TempDir(), "two")
			require.Equal(t, "2", saveOne(t, l, 2))
			require.NotContains(t, saveOne(t, l, 0), "3", "stays with 2")
			require.NotContains(t, saveOne(t, Location{Root: l.Root}, 0), "3")

			l.Root = filepath.Join(t.TempDir(), "used")
			makeFiles(t, l.Root, "mailboxes/INBOX/dbox-Mails/", "dovecot.list.index.log")
			require.Equal(t, "2", saveOne(t, l, 0), "Dovecot has been there")
			require.Contains(t, saveOne(t, l, 3), "3", "if it is said")
		})
	}
}

// One old file among new ones is enough, wherever it is.
func TestVersionMixed(t *testing.T) {
	for _, name := range []string{"root/mailboxes/a/b/dbox-Mails/u.1", "root/mailboxes/a/dbox-Mails/u.9", "alt/mailboxes/a/dbox-Mails/u.4", "alt/storage/m.7"} {
		for line, want := range map[string]int{"1 M1e C0\n": 2, "2 M1e C0\n": 2, "3 M13 C5f3c2a10\n": 3, "damaged": 3} {
			dir := t.TempDir()
			makeFiles(t, dir, "root/mailboxes/a/dbox-Mails/u.5", "root/mailboxes/", name)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "root/mailboxes/a/dbox-Mails/u.5"), []byte("3 M13 C5f3c2a10\n"), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(line), 0o600))
			v, err := Version(t.Context(), newFS(t), Location{Root: filepath.Join(dir, "root"), Alt: filepath.Join(dir, "alt")})
			require.NoError(t, err)
			require.Equal(t, want, v, "%s: %q", name, line)
		}
	}
}
