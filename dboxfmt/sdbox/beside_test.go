package sdbox

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// childVariable has the root of the store in the process that
// TestBesideDovecot starts.
const childVariable = "SDBOX_CHILD_ROOT"

const deliveries = 200

// A process of this package and doveadm work on one mailbox at the same time.
func TestBesideDovecot(t *testing.T) {
	d := newDovecot(t)
	d.Run("0\n", "save", "-m", "INBOX")
	self, err := os.Executable()
	require.NoError(t, err)
	program, err := os.ReadFile(self)
	require.NoError(t, err)
	child := filepath.Join(d.Dir, "child")
	require.NoError(t, os.WriteFile(child, program, 0o755))
	cmd := exec.Command("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", childVariable+"="+d.Root, child, "-test.run=^TestChild$", "-test.v")
	cmd.Dir = filepath.Join(d.Dir, "home")
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	theirs := 0
	for running := true; running || theirs < 5; theirs++ {
		d.Run(fmt.Sprintf("theirs %d\n", theirs), "save", "-m", "INBOX")
		d.Run("", "flags", "add", `\Seen theirs`, "mailbox", "INBOX", "uid", "1:*")
		d.Run("", "expunge", "mailbox", "INBOX", "keyword", "doomed")
		select {
		case err := <-done:
			require.NoError(t, err, out.String())
			running = false
		default:
		}
	}
	require.NotContains(t, out.String(), "SKIP")
	d.Run("", "expunge", "mailbox", "INBOX", "keyword", "doomed")

	x := openStore(t, Options{FS: newFS(t, fsapi.ThreadPool, fsapi.SyncNever), Root: d.Root, Alt: d.Alt, Version: 2, Logger: quiet})
	ours, want := x.state(), d.state()
	slices.Sort(ours)
	slices.Sort(want)
	require.Equal(t, want, ours)
	all := strings.Join(want, "\n")
	for i := range deliveries {
		require.Equal(t, i%3 != 0, strings.Contains(all, fmt.Sprintf(`"ours %d\n"`, i)), "message %d", i)
	}
	for i := range theirs {
		require.Contains(t, all, fmt.Sprintf(`"theirs %d\n"`, i))
	}
	t.Logf("%d messages of Dovecot", theirs)
}

// TestChild is what TestBesideDovecot runs as another user.
func TestChild(t *testing.T) {
	root := os.Getenv(childVariable)
	if root == "" {
		t.Skip("not started by TestBesideDovecot")
	}
	fsys, err := fsapi.New(fsapi.Options{Logger: quiet})
	require.NoError(t, err)
	defer fsys.Close()
	s, err := Open(context.Background(), Options{FS: fsys, Root: root, Version: 2, Logger: quiet})
	require.NoError(t, err)
	ctx := patient(t)
	m, err := s.Open(ctx, "INBOX")
	require.NoError(t, err)
	for i := range deliveries {
		o := mailstore.SaveOptions{}
		if i%3 == 0 {
			o.Keywords = []string{"doomed"}
		}
		uids := save(t, m, o, fmt.Sprintf("ours %d\n", i))
		require.NoError(t, m.SetFlags(ctx, uids, mailstore.FlagChange{Add: mailstore.Flagged}))
		if i%10 != 9 {
			continue
		}
		for mail, err := range m.Fetch(ctx, nil, mailstore.FetchOptions{}) {
			require.NoError(t, err)
			body, err := mail.Body(ctx)
			require.NoError(t, err)
			_, err = io.Copy(io.Discard, body)
			require.NoError(t, err)
		}
	}
}

// Dovecot finds nothing to complain about in what a rebuild leaves.
func TestRebuildForDovecot(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, dir string){
		"index lost": func(t *testing.T, dir string) {
			names, err := filepath.Glob(filepath.Join(dir, "dovecot.*"))
			require.NoError(t, err)
			for _, name := range names {
				require.NoError(t, os.Remove(name))
			}
		},
		"log damaged": func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "dovecot.index.log"), []byte("garbage"), 0o600))
		},
		"file lost": func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "u.2"))) },
		"file cut off": func(t *testing.T, dir string) {
			require.NoError(t, os.Truncate(filepath.Join(dir, "u.2"), 80))
		},
		"file came": func(t *testing.T, dir string) {
			require.NoError(t, os.Link(filepath.Join(dir, "u.2"), filepath.Join(dir, "u.9")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDovecot(t)
			x := openStore(t, Options{FS: newFS(t, fsapi.ThreadPool, fsapi.SyncNever), Root: d.Root, Alt: d.Alt, Version: 2, Logger: quiet})
			save(t, x.open("INBOX"), mailstore.SaveOptions{Keywords: []string{"k"}}, "one\n", strings.Repeat("two\n", 30))
			d.Own()
			d.Run("three\n", "save", "-m", "INBOX")
			before := d.state() // and fills Dovecot's cache
			damage(t, x.tree.Dir("INBOX"))
			fresh := openStore(t, x.opts)
			// The messages of Dovecot belong to the user that it runs as, and so
			// must the repaired ones.
			require.NoError(t, filepath.WalkDir(d.Root, func(path string, _ os.DirEntry, err error) error {
				require.NoError(t, err)
				return os.Lchown(path, 0, 0)
			}))
			_, err := fresh.Rebuild(fresh.ctx)
			require.NoError(t, err)
			d.Own()
			want, got := fresh.state(), d.state()
			slices.Sort(want)
			slices.Sort(got)
			require.Equal(t, want, got)
			require.NotEqual(t, before, got)
			d.Own()
			d.Run("four\n", "save", "-m", "INBOX")
			save(t, fresh.open("INBOX"), mailstore.SaveOptions{}, "five\n")
			d.Own()
			want, got = fresh.state(), d.state()
			slices.Sort(want)
			slices.Sort(got)
			require.Equal(t, want, got)
		})
	}
}
