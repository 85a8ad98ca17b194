package rounds

import (
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
		{"mail-fetch", "iodepth=3\npre_read=1", "uring,threadpool,uring-raw,sync", []string{"uring", "threadpool", "uring-raw", "sync"}, false},
		{"mail-deliver", "iodepth=4\ncommit=group", ownList, []string{"uring", "threadpool", "sync"}, true},
		{"mail-deliver", "iodepth=4\ncommit=single", ownList, []string{"uring", "threadpool", "sync"}, true},
		{"mdbox-append", "iodepth=4\ncommit=group", ownList, []string{"uring", "threadpool", "sync"}, true},
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

func TestMailErrors(t *testing.T) {
	_, err := perform(t, "[m]\nworkload=mail-fetch\nioengine=sync\nmail=/nowhere/at/all", Options{})
	require.ErrorContains(t, err, "/nowhere/at/all")
	_, err = perform(t, "[m]\nworkload=mail-deliver\nnrfiles=1\nioengine=readfile", Options{})
	require.ErrorContains(t, err, "cannot do it")
}

// The same work by a private Dovecot: one connection, several, import, fetch.
func TestDovecot(t *testing.T) {
	for _, c := range []struct{ workload, options string }{
		{"mail-deliver", "iodepth=1"}, {"mail-deliver", "iodepth=3"}, {"mail-import", ""}, {"mail-fetch", ""},
	} {
		out, err := perform(t, "[m]\nworkload="+c.workload+"\nnrfiles=12\n"+c.options+"\nioengine=dovecot:sdbox,dovecot:mdbox", Options{Rounds: 1})
		if out == nil || len(out.Skipped) > 0 {
			t.Skipf("SKIPPED: Dovecot was not tried: %v", err)
		}
		require.NoError(t, err, c)
		for _, e := range out.Engines {
			r := out.Turns[e][0][0].Whole()
			require.EqualValues(t, 12, r.IOs(), "%s %s", c.workload, e)
			require.Positive(t, r.Rate())
		}
	}
}
