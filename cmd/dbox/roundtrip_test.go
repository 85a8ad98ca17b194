package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// nasty are mails that a careless program changes.
var nasty = []string{
	"Subject: plain\n\nhi\n",
	"Subject: from\n\nFrom here\n>From there\n>>From everywhere\nFrom a@b Sat Jan  3 01:05:34 1996\n",
	"Subject: no line end at the end\n\nx",
	"Subject: no body\n\n",
	"Subject: no empty line\n",
	"Subject: CRLF\r\n\r\nFrom here\r\nand there\r\n\r\n",
	"Subject: CRLF without the last\r\n\r\nx\r",
	"Subject: odd\r\r\n\nx\ry\n\r",
	"Subject: \xfc\xe4 8-bit\n\n\xff\xfe\n",
	"Subject: NUL\n\n\x00\x00\n\x00",
	"Subject: control\n\n\x01\x02\n\x01\x03\n\n\x01\x03\nG1\n\n",
	"Subject: empty lines\n\n\n\n\n",
	"Status: RO\nX-Status: AD\nX-Keywords: own\nSubject: own status\n\nStatus: O\n",
	"\n",
	"",
	"Subject: long line\n\n" + strings.Repeat("x", 5<<20) + "\nFrom the end\n",
}

// nastyMaildir makes a Maildir of the nasty mails: in their order, each with
// flags of its own and an odd date.
func nastyMaildir(t *testing.T, dir string, mails []string) {
	for _, sub := range []string{"cur", "new", "tmp"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, sub), 0o700))
	}
	letters := []string{"", "S", "F", "FS", "R", "D", "T", "P", "DFPRST"}
	for i, mail := range mails {
		path := filepath.Join(dir, "cur", fmt.Sprintf("%d.M%dP7.host:2,%s", 1500000000+i, i, letters[i%len(letters)]))
		require.NoError(t, os.WriteFile(path, []byte(mail), 0o600))
		received := time.Unix(1400000000+int64(i)*86400, 0)
		require.NoError(t, os.Chtimes(path, received, received))
	}
}

// maildirContent is everything that matters in a Maildir: text, date and flags
// in the order of the names.
func maildirContent(t *testing.T, dir string) (texts, rest []string) {
	for _, name := range names(t, filepath.Join(dir, "cur")) {
		path := filepath.Join(dir, "cur", name)
		info, err := os.Stat(path)
		require.NoError(t, err)
		_, flags, _ := strings.Cut(name, ":")
		texts = append(texts, readFile(t, path))
		rest = append(rest, fmt.Sprintf("%d %s", info.ModTime().Unix(), flags))
	}
	return texts, rest
}

func sameTexts(t *testing.T, want, got []string) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		require.True(t, want[i] == got[i], "mail %d: %.100q became %.100q", i, want[i], got[i])
	}
}

// through moves a Maildir through every format and back into a Maildir.
func through(t *testing.T, dir, from string, flags ...string) string {
	at := func(name string) string { return filepath.Join(dir, name) }
	ok(t, append(flags, "import", "--keep-crlf", "maildir:"+from, "sdbox-files:"+at("1"))...)
	ok(t, append(flags, "export", "sdbox-files:"+at("1"), "mbox:"+at("2"))...)
	ok(t, append(flags, "import", "--keep-crlf", "--version", "2", "--rotate-size", "500", "mbox:"+at("2"), "mdbox-files:"+at("3"))...)
	ok(t, append(flags, "convert", "--to", "3", at("3"), at("4"))...)
	ok(t, append(flags, "export", "mdbox-files:"+at("4"), "maildir:"+at("5"))...)
	ok(t, append(flags, "verify", at("1"), at("3"), at("4"))...)
	return at("5")
}

func TestRoundTrip(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		dir := t.TempDir()
		from := filepath.Join(dir, "from")
		nastyMaildir(t, from, nasty)
		back := through(t, dir, from, "--backend", backend)
		wantTexts, wantRest := maildirContent(t, from)
		texts, rest := maildirContent(t, back)
		sameTexts(t, wantTexts, texts)
		require.Equal(t, wantRest, rest)
		require.Greater(t, len(names(t, filepath.Join(dir, "3"))), 3, "the multi-dbox files are rotated")
	})
}

// .eml files have no flags, and their dates come from the header.
func TestRoundTripEML(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	nastyMaildir(t, at("from"), nasty)
	ok(t, "import", "--keep-crlf", "--multi", at("from"), at("1"))
	o := dbox(t, "export", at("1"), "eml:"+at("2"))
	require.Equal(t, exitOK, o.code)
	require.Contains(t, o.stderr, "not kept there: flags of ")
	require.Contains(t, o.stderr, fmt.Sprintf("not kept there: GUID of %d messages", len(nasty)))
	ok(t, "import", "--keep-crlf", at("2"), at("3"))
	ok(t, "export", at("3"), "maildir:"+at("4"))
	want, _ := maildirContent(t, at("from"))
	got, _ := maildirContent(t, at("4"))
	// The second Maildir is in the order of the dates, which are those of the files here.
	sameTexts(t, want, got)
}

// The GUID of a Maildir message is its name; the name comes back from it.
func TestRoundTripGUID(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	nastyMaildir(t, at("from"), nasty)
	ok(t, "import", at("from"), at("1"))
	ok(t, "export", at("1"), "maildir:"+at("2"))
	require.Equal(t, names(t, at("from/cur")), names(t, at("2/cur")))

	ok(t, "export", "testdata/files/m.1", "maildir:"+at("3"))
	ok(t, "import", "--version", "2", "--multi", at("3"), at("4"))
	require.Equal(t, guids(t, "testdata/files/m.1"), guids(t, at("4/m.1")))
}

func guids(t *testing.T, file string) (all []string) {
	for line := range strings.Lines(ok(t, "dump", file)) {
		if strings.HasPrefix(line, "msg.guid") {
			all = append(all, line)
		}
	}
	require.NotEmpty(t, all)
	return all
}

// Mail in new is imported too.
func TestImportNewMail(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{
		"from/cur/2.M1.host:2,S": "Subject: second\n\n", "from/new/1.M1.host": "Subject: first\n\n",
		"from/tmp/3.M1.host": "Subject: not delivered\n\n", "from/cur/.nfs1": "no mail",
	})
	ok(t, "import", filepath.Join(dir, "from"), filepath.Join(dir, "to"))
	require.Equal(t, []string{"u.1", "u.2"}, names(t, filepath.Join(dir, "to")))
	require.Equal(t, "Subject: first\n\n", ok(t, "cat", filepath.Join(dir, "to", "u.1")))
}

// Without --keep-crlf, CRLF becomes LF and nothing else changes.
func TestLineEnds(t *testing.T) {
	dir := t.TempDir()
	nastyMaildir(t, filepath.Join(dir, "from"), nasty)
	for _, version := range []string{"2", "3"} {
		box := filepath.Join(dir, version)
		ok(t, "import", "--version", version, filepath.Join(dir, "from"), box)
		for i, mail := range nasty {
			got := ok(t, "cat", "--verify", filepath.Join(box, fmt.Sprintf("u.%d", i+1)))
			require.True(t, strings.ReplaceAll(mail, "\r\n", "\n") == got, "mail %d: %.100q", i, got)
		}
	}
}

// Converting there and back gives the same bytes, for Dovecot's files too.
func TestConvertThereAndBack(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		dir := t.TempDir()
		at := func(name string) string { return filepath.Join(dir, name) }
		for _, name := range []string{"m.1", "m.3", "u.1"} {
			ok(t, "convert", "--backend", backend, "--to", "3", "testdata/files/"+name, at("3."+name))
			ok(t, "convert", "--backend", backend, "--to", "2", at("3."+name), at("2."+name))
			require.Equal(t, readFile(t, "testdata/files/"+name), readFile(t, at("2."+name)), name)
		}
		ok(t, "convert", "--backend", backend, "--to", "2", "testdata/files", at("tree"))
		require.Equal(t, names(t, "testdata/files"), names(t, at("tree")))
		require.NotContains(t, readFile(t, at("tree/u.2")), "Hcrc32c")
		require.Contains(t, readFile(t, at("tree/m.2")), "\nE0\n", "unknown items stay")
		before, err := os.Stat("testdata/files/m.1")
		require.NoError(t, err)
		after, err := os.Stat(at("tree/m.1"))
		require.NoError(t, err)
		require.Equal(t, before.Mode(), after.Mode())
		require.Equal(t, exitOK, dbox(t, "verify", at("tree")).code)
	})
}

// A conversion that fails leaves nothing, and one that would overwrite does
// nothing.
func TestConvertFails(t *testing.T) {
	dir := t.TempDir()
	require.Equal(t, exitProblems, dbox(t, "convert", "--to", "3", "testdata", filepath.Join(dir, "out")).code)
	require.Equal(t, exitProblems, dbox(t, "convert", "--to", "3", "testdata/damaged/m.1", filepath.Join(dir, "out")).code)
	require.Empty(t, names(t, dir))
	writeFiles(t, dir, map[string]string{"out": "precious"})
	require.Equal(t, exitFailed, dbox(t, "convert", "--to", "3", "testdata/files/m.1", filepath.Join(dir, "out")).code)
	require.Equal(t, "precious", readFile(t, filepath.Join(dir, "out")))
}

// Nothing is overwritten or mixed up by import and export.
func TestTargetsThatExist(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	writeFiles(t, dir, map[string]string{"mbox": "precious", "full/u.1": "precious", "mail.eml": "Subject: x\n\n"})
	for _, args := range [][]string{
		{"export", "testdata/files/m.1", "mbox:" + at("mbox")},
		{"export", "testdata/files/m.1", "eml:" + at("full")},
		{"import", at("mail.eml"), at("full")},
		{"import", "--multi", at("mail.eml"), at("full")},
	} {
		require.Equal(t, exitFailed, dbox(t, args...).code, args)
	}
	require.Equal(t, "precious", readFile(t, at("mbox")))
	require.Equal(t, []string{"u.1"}, names(t, at("full")))
	// A Maildir is there to be added to; the same GUIDs get new names.
	for n := range 2 {
		ok(t, "export", "testdata/files/m.1", "maildir:"+at("maildir"))
		require.Len(t, names(t, at("maildir/cur")), 7*(n+1))
	}
}
