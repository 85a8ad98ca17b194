//go:build linux

package mdbox

import (
	"bufio"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/dboxfmt/storetest"
	"github.com/ringbox/ringbox/fsapi"
)

const killedVariable = "MDBOX_KILLED_CHILD" // root directory of the store

// A process that saves, copies, expunges and purges is killed, again and again.
// What it has said is saved is there once, what it has said is expunged is gone,
// and nobody holds a lock.
func TestKilled(t *testing.T) {
	if root := os.Getenv(killedVariable); root != "" {
		working(t, root, storetest.Setting(t, seedVariable, 0))
		return
	}
	seed := storetest.Setting(t, seedVariable, time.Now().UnixNano())
	t.Logf("%s=%d", seedVariable, seed)
	random := rand.New(rand.NewSource(seed))
	x := newStore(t, Options{FS: newFS(t, engines["threadpool"](t), fsapi.SyncNever), RotateSize: 8 << 10, Logger: quiet})
	x.create("Other")
	said, gone := map[string]bool{}, map[string]bool{}
	for round := range int(storetest.Setting(t, "MDBOX_KILLS", 8)) {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$", "-test.v")
		cmd.Env = append(os.Environ(), killedVariable+"="+x.opts.Root, fmt.Sprintf("%s=%d", seedVariable, round))
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for n := random.Intn(60); lines.Scan(); {
			line := lines.Text()
			switch {
			case strings.HasPrefix(line, "+round"):
				said[line[1:]] = true
			case strings.HasPrefix(line, "-round"):
				gone[line[1:]] = true
			}
			if n--; n == 0 {
				require.NoError(t, cmd.Process.Kill())
			}
		}
		_ = cmd.Wait() // it was killed
		x.check(said, gone)
		if round%3 == 2 {
			_, err := x.Rebuild(ctx)
			require.NoError(t, err)
			require.Empty(t, x.problems())
			x.check(said, gone)
		}
	}
	_, err := x.Rebuild(ctx)
	require.NoError(t, err)
	t.Logf("%d messages saved, %d expunged", len(said), len(gone))
	require.NotEmpty(t, gone)
}

// check: said messages are in a mailbox, gone ones are not.
func (x *store) check(said, gone map[string]bool) {
	x.t.Helper()
	count := map[string]int{}
	for _, name := range []string{"INBOX", "Other"} {
		for _, line := range contents(x.t, x.box(name)) {
			_, quoted, _ := strings.Cut(line, `"`)
			count[quoted[:strings.IndexByte(quoted, '"')]]++
		}
	}
	for s := range said {
		if !strings.HasSuffix(s, " 0") { // the first of three is about to be expunged
			require.Positive(x.t, count[s], "%s is lost", s)
		}
		require.LessOrEqual(x.t, count[s], 2, "%s", s)
	}
	for s := range gone {
		require.Zero(x.t, count[s], "%s was expunged", s)
	}
}

func working(t *testing.T, root string, round int64) {
	s, err := Open(ctx, Options{FS: newFS(t, engines["uring"](t), fsapi.SyncNever), Root: root, RotateSize: 8 << 10, Logger: quiet, Limits: smallLimits})
	require.NoError(t, err)
	x := &store{s, t}
	in, other := x.box("INBOX"), x.box("Other")
	for n := range 200 {
		var names []string
		for i := range 3 {
			names = append(names, fmt.Sprintf("round %d message %d %d", round, n, i))
		}
		uids := save(t, in, mailstore.SaveOptions{}, names...)
		for _, name := range names {
			fmt.Println("+" + name)
		}
		require.NoError(t, in.Expunge(ctx, uids[:1]))
		fmt.Println("-" + names[0])
		_, err := in.Move(ctx, uids[1:2], other)
		require.NoError(t, err)
		if n%5 == 4 {
			_, err := s.Purge(ctx)
			require.NoError(t, err)
		}
	}
}
