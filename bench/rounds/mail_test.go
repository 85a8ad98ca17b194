package rounds

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/bench/measure"
)

// Every mail workload on every engine that can do it, tiny.
func TestMail(t *testing.T) {
	for _, c := range []struct {
		workload, options, engines string
		works                      []string
		writes                     bool
	}{
		{"mail-fetch", "", "uring,threadpool,uring-raw,sync,readfile", []string{"uring", "threadpool", "uring-raw", "sync", "readfile"}, false},
		{"mail-fetch", "loops=1", "uring-raw,syscalls,serial", []string{"uring-raw", "syscalls"}, false},
		{"mail-fetch", "iodepth=3\npre_read=1", "uring,threadpool,uring-raw,sync", []string{"uring", "threadpool", "uring-raw", "sync"}, false},
		{"mail-deliver", "iodepth=4\ncommit=group", ownList, []string{"uring", "threadpool", "sync"}, true},
		{"mail-deliver", "iodepth=4\ncommit=single", ownList, []string{"uring", "threadpool", "sync"}, true},
		{"mdbox-append", "iodepth=4\ncommit=group", ownList, []string{"uring", "threadpool", "sync"}, true},
		{"mail-deliver", "iodepth=4", "serial,readfile", []string{"serial"}, true},
		{"mdbox-append", "iodepth=4", "serial,uring-raw", []string{"serial"}, true},
		{"mdbox-append", "commit=single", ownList, []string{"uring", "threadpool", "sync"}, true},
		{"mdbox-fetch", "iodepth=4", ownList, own, false},
		{"mailbox-scan", "iodepth=2", ownList, []string{"uring", "threadpool", "sync"}, false},
	} {
		out := must(t, "[m]\nworkload="+c.workload+"\nnrfiles=20\n"+c.options+"\nioengine="+c.engines, Options{Rounds: 1})
		require.Subset(t, c.works, out.Engines, c.workload)
		if len(out.Skipped) == 0 || out.Engines[0] == "uring" {
			require.Equal(t, c.works, out.Engines, c.workload)
		}
		for _, e := range out.Engines {
			r := out.Turns[e][0][0].Whole()
			require.EqualValues(t, 20, r.IOs(), "%s %s", c.workload, e)
			require.Equal(t, c.writes, r.Dirs[measure.Write].IOs > 0, "%s %s", c.workload, e)
		}
	}
}

// Mails come again where there are not enough, and loops read them again.
func TestMailAgain(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "1"), []byte("Subject: x\n\ny\n"), 0o600))
	out := must(t, "[m]\nworkload=mail-fetch\nnrfiles=7\nloops=3\nioengine=sync,threadpool\nmail="+dir, Options{Rounds: 2})
	for _, e := range out.Engines {
		r := out.Turns[e][1][0].Whole()
		require.EqualValues(t, 21, r.IOs(), e)
		require.EqualValues(t, 21*len("Subject: x\n\ny\n"), r.Dirs[measure.Read].Bytes, e)
	}
}

func TestMailErrors(t *testing.T) {
	_, err := perform(t, "[m]\nworkload=mail-fetch\nioengine=sync\nmail=/nowhere/at/all", Options{})
	require.ErrorContains(t, err, "/nowhere/at/all")
	_, err = perform(t, "[m]\nworkload=mail-deliver\nnrfiles=1\nioengine=readfile", Options{})
	require.ErrorContains(t, err, "cannot do it")
}

// Whole stores, this library's and a private Dovecot's: one connection, several,
// import, fetch.
func TestStores(t *testing.T) {
	out := must(t, `[global]
nrfiles=12
ioengine=sdbox:uring,sdbox:threadpool,mdbox:uring,mdbox:threadpool,dovecot:sdbox,dovecot:mdbox
[one]
workload=mail-deliver
[three]
workload=mail-deliver
iodepth=3
stonewall
[import]
workload=mail-import
stonewall
[fetch]
workload=mail-fetch
stonewall
`, Options{Rounds: 1})
	for _, skipped := range out.Skipped {
		t.Log("SKIPPED: ", skipped)
	}
	require.Subset(t, out.Engines, []string{"sdbox:threadpool", "mdbox:threadpool"})
	for _, e := range out.Engines {
		for _, part := range out.Turns[e][0] {
			r := part.Whole()
			require.EqualValues(t, 12, r.IOs(), "%s %s", part.Spec.Name, e)
			require.Positive(t, r.Rate(), "%s %s", part.Spec.Name, e)
			require.Equal(t, part.Spec.Name != "fetch", r.Dirs[measure.Write].IOs > 0, "%s %s", part.Spec.Name, e)
		}
	}
}
