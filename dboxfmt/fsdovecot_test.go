package dboxfmt

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
)

// dovecot is a store of its own that doveadm works on; no server runs.
type dovecot struct {
	t       *testing.T
	doveadm string
	root    string
	config  string
	uid     int
}

// dovecotVersion is the one whose configuration these tests know.
const dovecotVersion = "2.3."

// newDovecot makes one that is empty; format is sdbox or mdbox.
func newDovecot(t *testing.T, format string) *dovecot {
	out, err := exec.CommandContext(soon(t), "dovecot", "--version").Output()
	if err != nil || !strings.HasPrefix(string(out), dovecotVersion) {
		t.Skipf("SKIPPED: dovecot --version says %q (%v); this test knows %s", out, err, dovecotVersion)
	}
	d := &dovecot{t: t, doveadm: findDoveadm(t), root: t.TempDir(), uid: os.Getuid()}
	if d.uid == 0 {
		d.uid = 65534 // Dovecot refuses to keep the mail of root
	}
	d.config = filepath.Join(d.root, "dovecot.conf")
	require.NoError(t, os.WriteFile(d.config, fmt.Appendf(nil, `base_dir = %[1]s/run
state_dir = %[1]s/run
log_path = /dev/stderr
mail_location = %[2]s:%[1]s/mail
mail_uid = %[3]d
mail_gid = %[3]d
first_valid_uid = 1
ssl = no
`, d.root, format, d.uid), 0o644))
	for _, dir := range []string{"run", "mail", "home"} {
		require.NoError(t, os.Mkdir(filepath.Join(d.root, dir), 0o755))
	}
	for dir := d.root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		require.NoError(t, os.Chmod(dir, 0o755)) // the other user comes through
	}
	return d
}

// give makes everything belong to the user of the store.
func (d *dovecot) give() {
	require.NoError(d.t, filepath.WalkDir(d.root, func(path string, _ os.DirEntry, err error) error {
		if err == nil && d.uid != os.Getuid() {
			err = os.Chown(path, d.uid, d.uid)
		}
		return err
	}))
}

func (d *dovecot) run(args ...string) string {
	d.t.Helper()
	d.give()
	cmd := exec.CommandContext(soon(d.t), d.doveadm, append([]string{"-c", d.config}, args...)...)
	cmd.Env = append(os.Environ(), "USER=tester", "HOME="+filepath.Join(d.root, "home"))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(d.t, err, "%v: %s", args, stderr.String())
	require.NotContains(d.t, stderr.String(), "Error", "%v", args)
	return string(out)
}

// fetched is what Dovecot says about a mail.
type fetched struct {
	GUID, Received, Physical, Virtual, Text string
}

// fetch returns all mails of INBOX by their GUID.
func (d *dovecot) fetch() map[string]fetched {
	var mails []map[string]string
	out := d.run("-f", "json", "fetch", "guid date.received.unixtime size.physical size.virtual text", "mailbox", "INBOX", "all")
	require.NoError(d.t, json.Unmarshal([]byte(out), &mails), "%s", out)
	all := map[string]fetched{}
	for _, m := range mails {
		all[m["guid"]] = fetched{m["guid"], m["date.received.unixtime"], m["size.physical"], m["size.virtual"], m["text"]}
	}
	require.Len(d.t, all, len(mails))
	return all
}

// asFetched is what Dovecot should say about a message that was written here.
func asFetched(t *testing.T, f found) fetched {
	guid, err := f.Metadata.GUID()
	require.NoError(t, err)
	received, err := f.Metadata.Received()
	require.NoError(t, err)
	virtual, err := f.Metadata.VirtualSize()
	require.NoError(t, err)
	size, err := f.PlainSize()
	require.NoError(t, err)
	return fetched{
		GUID: guid, Received: strconv.FormatInt(received.Unix(), 10), Physical: strconv.FormatInt(size, 10),
		Virtual: strconv.FormatInt(virtual, 10), Text: f.body,
	}
}

// plainMails are some mails that doveadm's JSON gives back as they are.
func plainMails(t *testing.T) (mails []string) {
	for i := range 5 {
		mails = append(mails, fmt.Sprintf("From: a@example.org\nSubject: mail %d\n\nline one\n%s\n", i, xs('x', i*20_000)))
	}
	return mails
}

// TestDovecotFetchesFromFiles: Dovecot fetches, with all its fields, what was
// written through fsapi into a store that it then finds for itself.
func TestDovecotFetchesFromFiles(t *testing.T) {
	for format, write := range map[string]func(*testing.T, *dovecot, []string) []found{"sdbox": writeSingles, "mdbox": writeMulti} {
		t.Run(format, func(t *testing.T) {
			d := newDovecot(t, format)
			d.run("mailbox", "status", "messages", "INBOX")
			want := map[string]fetched{}
			for _, f := range write(t, d, plainMails(t)) {
				mail := asFetched(t, f)
				want[mail.GUID] = mail
			}
			d.run("force-resync", "INBOX")
			require.Equal(t, want, d.fetch())
		})
	}
}

// writeSingles puts each mail into a file u.N.
func writeSingles(t *testing.T, d *dovecot, mails []string) (all []found) {
	dir := filepath.Join(d.root, "mail", "mailboxes", "INBOX", "dbox-Mails")
	fsys := newFSIn(t, dir)
	for i, mail := range mails {
		all = append(all, writeVersion2(t, fsys, filepath.Join(dir, fmt.Sprintf("u.%d", i+1)), i*10, mail)...)
	}
	return all
}

// writeMulti puts all into m.1.
func writeMulti(t *testing.T, d *dovecot, mails []string) []found {
	dir := filepath.Join(d.root, "mail", "storage")
	return writeVersion2(t, newFSIn(t, dir), filepath.Join(dir, "m.1"), 0, mails...)
}

func newFSIn(t *testing.T, dir string) *fsapi.FS {
	fsys, err := fsapi.New(fsapi.Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, fsys.Close()) })
	require.NoError(t, fsys.MkdirAll(soon(t), dir, 0o755))
	return fsys
}

func writeVersion2(t *testing.T, fsys *fsapi.FS, path string, first int, mails ...string) (all []found) {
	f := fsys.Create(path, fsapi.FailIfExists, fsapi.Perm{Mode: 0o600})
	w, err := NewFileWriter(f, NewFileHeader(2, time.Now()), FileWriterOptions{Context: soon(t)})
	require.NoError(t, err)
	defer w.Close()
	for i, mail := range mails {
		meta := mailMetadata(first + i)
		meta.Set('B', "INBOX")
		m, err := patience{}.message(w, mail, meta)
		require.NoError(t, err)
		all = append(all, found{*m, mail})
	}
	require.NoError(t, w.Commit())
	return all
}

// TestAppendToDovecotsFile: a file that Dovecot has begun goes on here, and
// Dovecot finds both.
func TestAppendToDovecotsFile(t *testing.T) {
	d := newDovecot(t, "mdbox")
	in := filepath.Join(d.root, "home", "mail")
	require.NoError(t, os.WriteFile(in, []byte("Subject: from Dovecot\n\nbody\n"), 0o644))
	d.run("save", "-m", "INBOX", in)
	require.Len(t, d.fetch(), 1)
	want := d.fetch()

	path := filepath.Join(d.root, "mail", "storage", "m.1")
	w := OpenAppender(newFSIn(t, filepath.Dir(path)), path, AppendOptions{Version: 2, FileWriterOptions: FileWriterOptions{Context: soon(t)}})
	defer w.Close()
	meta := mailMetadata(7)
	meta.Set('B', "INBOX")
	m, err := patience{}.message(w, plainMails(t)[3], meta)
	require.NoError(t, err)
	require.Len(t, w.Orphans(), 1)
	require.NoError(t, w.Commit())
	require.NoError(t, w.Close())
	mail := asFetched(t, found{*m, plainMails(t)[3]})
	want[mail.GUID] = mail
	d.run("force-resync", "INBOX")
	require.Equal(t, want, d.fetch())
}

// TestDovecotsLock: Dovecot goes to another file while one is locked here.
func TestDovecotsLock(t *testing.T) {
	d := newDovecot(t, "mdbox")
	in := filepath.Join(d.root, "home", "mail")
	require.NoError(t, os.WriteFile(in, []byte("Subject: x\n\nbody\n"), 0o644))
	storage := filepath.Join(d.root, "mail", "storage")
	d.run("save", "-m", "INBOX", in)
	w := OpenAppender(newFSIn(t, storage), filepath.Join(storage, "m.1"), AppendOptions{Version: 2, FileWriterOptions: FileWriterOptions{Context: soon(t)}})
	require.NoError(t, w.Ready())
	d.run("save", "-m", "INBOX", in)
	require.FileExists(t, filepath.Join(storage, "m.2"))
	require.NoError(t, w.Close())
	require.Len(t, d.fetch(), 2)
}

// TestDovecotReadsRepairedFiles: Dovecot finds in a file that was repaired here
// all mails, also where its own repair would have lost some.
func TestDovecotReadsRepairedFiles(t *testing.T) {
	for name, damage := range map[string]func(data []byte, all []found) []byte{
		"no file header":      func(data []byte, all []found) []byte { return data[all[0].Offset:] },
		"size is not hex":     func(data []byte, all []found) []byte { copy(data[all[1].Offset+sizeAt:], "zz"); return data },
		"size beyond the end": func(data []byte, all []found) []byte { data[all[1].Offset+sizeAt+4] = '9'; return data },
		"bad magic":           func(data []byte, all []found) []byte { data[all[2].Offset] ^= 0x80; return data },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDovecot(t, "mdbox")
			d.run("mailbox", "status", "messages", "INBOX")
			all := writeMulti(t, d, plainMails(t))
			path := filepath.Join(d.root, "mail", "storage", "m.1")
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, damage(data, all), 0o600))
			report, err := RepairFile(soon(t), newFSIn(t, filepath.Dir(path)), path, RepairFileOptions{})
			require.NoError(t, err)
			require.Equal(t, len(all), report.Messages, "%+v", report.Ranges)
			d.run("force-resync", "INBOX")
			want := map[string]fetched{}
			for _, f := range all {
				mail := asFetched(t, f)
				want[mail.GUID] = mail
			}
			require.Equal(t, want, d.fetch())
		})
	}
}
