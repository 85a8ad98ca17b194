package main

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// piped runs a command line with something on standard input.
func piped(t *testing.T, in string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	a := &app{stdin: strings.NewReader(in), stdout: &stdout, stderr: &stderr}
	return outcome{a.execute(t.Context(), args), stdout.String(), stderr.String()}
}

// An mbox comes from standard input and goes to standard output, and what is to
// be said does not get into it.
func TestMboxPipe(t *testing.T) {
	onStores(t, func(t *testing.T, kind, backend string) {
		dir := t.TempDir()
		t.Setenv("TMPDIR", dir)
		store := kind + ":" + filepath.Join(dir, "store")
		const mbox = "From a@b Fri Jul 14 02:40:00 2017\nStatus: RO\nX-Status: F\nX-Keywords: k\nSubject: a\n\n>From a\n\nFrom - Sat Sep  9 01:46:40 2017\nSubject: b\n\nb\n\n"
		o := piped(t, mbox, "--backend", backend, "import", "mbox:-", store, "--mailbox", "Old")
		require.Equal(t, exitOK, o.code, "%+v", o)
		require.Empty(t, o.stdout)
		require.Contains(t, o.stderr, "2 messages imported")
		require.Equal(t, []string{"store"}, names(t, dir), "no temporary file is left")
		require.Equal(t, []string{"1 Subject: a\n\nFrom a", "2 Subject: b\n\nb"}, uidTexts(t, store, "Old"))

		files := filepath.Join(dir, "files")
		o = piped(t, mbox, "--backend", backend, "import", "mbox:-", "sdbox-files:"+files, "--version", "2")
		require.Equal(t, exitOK, o.code, "a text whose size has to be known first: %+v", o)
		require.Equal(t, "Subject: b\n\nb\n", ok(t, "cat", filepath.Join(files, "u.2")))

		o = dbox(t, "--backend", backend, "export", store, "--mailbox", "Old", "mbox:-")
		require.Equal(t, exitOK, o.code, "%+v", o)
		require.Contains(t, o.stderr, "2 messages exported to mbox:-")
		require.Equal(t, 2, strings.Count("\n"+o.stdout, "\nFrom "))
		again := piped(t, o.stdout, "import", "mbox:-", store, "--mailbox", "Again")
		require.Equal(t, exitOK, again.code, "%+v", again)
		require.Equal(t, uidTexts(t, store, "Old"), uidTexts(t, store, "Again"))
		require.Equal(t, o.stdout, ok(t, "export", "--json", store, "--mailbox", "Again", "mbox:-"))

		o = piped(t, "no mbox", "import", "mbox:-", store)
		require.Equal(t, exitFailed, o.code)
		require.Contains(t, o.stderr, "standard input: offset 0: not an mbox file")
		o = piped(t, "", "import", "mbox:-", store)
		require.Equal(t, exitOK, o.code, "nothing is no mistake: %+v", o)
	})
}

// Nobody reads standard output any more: that ends the work.
func TestMboxPipeBreaks(t *testing.T) {
	store := "sdbox:" + filepath.Join(t.TempDir(), "store")
	piped(t, "From a Fri Jul 14 02:40:00 2017\n\n"+strings.Repeat("text\n", 1e5), "import", "mbox:-", store)
	var stderr bytes.Buffer
	require.Equal(t, exitFailed, execute(t.Context(), []string{"export", store, "mbox:-"}, brokenWriter{}, &stderr))
	require.Contains(t, stderr.String(), "no space")
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space") }

// Maildirs for Windows have names that it can have, and are read everywhere.
func TestWindowsNames(t *testing.T) {
	dir := t.TempDir()
	store := "sdbox:" + filepath.Join(dir, "store")
	writeFiles(t, dir, map[string]string{"m/cur/1.M1.host;2,FS": "one\n", "m/cur/2.M?.host": "two\n", "m/new/3.M3.host": "three\n"})
	if runtime.GOOS != "windows" {
		writeFiles(t, dir, map[string]string{"m/cur/4.M4.host:2,S": "four\n"})
	}
	ok(t, "import", "maildir:"+filepath.Join(dir, "m"), store)
	out := filepath.Join(dir, "out")
	o := dbox(t, "export", "--windows-names", store, "maildir:"+out)
	require.Equal(t, exitOK, o.code)
	require.Contains(t, o.stderr, "GUID of 1 message")
	for _, name := range names(t, filepath.Join(out, "cur")) {
		require.NotRegexp(t, `[<>:"/\\|?*]`, name)
	}
	require.Contains(t, names(t, filepath.Join(out, "cur")), "1.M1.host;2,FS")
	again := "sdbox:" + filepath.Join(dir, "again")
	ok(t, "import", "maildir:"+out, again)
	require.Equal(t, flagsOf(t, store), flagsOf(t, again))
}

func flagsOf(t *testing.T, store string) map[string][]string {
	all := map[string][]string{}
	for _, m := range objects[fetchedJSON](t, "fetch", "--json", store, "INBOX") {
		all[ok(t, "fetch", store, "INBOX", fmt.Sprint(m.UID))] = m.Flags
	}
	return all
}
