//go:build linux

package mdbox

import (
	"context"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/dboxfmt/storetest"
	"github.com/ringbox/ringbox/fsapi"
)

// MDBOX_TOGETHER_SECONDS makes the test with several processes longer.
const (
	togetherVariable = "MDBOX_TOGETHER_SECONDS"
	childVariable    = "MDBOX_TOGETHER_CHILD" // root directory of the store
)

// Several processes of this package and several of Dovecot work on one store at
// the same time. Every message that was saved and not expunged is there once.
func TestTogetherWithDovecot(t *testing.T) {
	if root := os.Getenv(childVariable); root != "" {
		child(t, root)
		return
	}
	d := newDovecot(t, "mdbox_rotate_size=8k", "mail_index_log_rotate_min_size=8k", "mail_index_log_rotate_max_size=16k", "mail_index_log_rotate_min_age=1s")
	require.NoError(t, os.MkdirAll(d.Alt, 0o755))
	x := newStore(t, Options{FS: newFS(t, engines["threadpool"](t), fsapi.SyncNever), Root: d.Root, Alt: d.Alt, Version: 2, RotateSize: 8 << 10, Logger: quiet})
	x.create("Other")
	x.box("INBOX")
	d.Own()
	seconds := storetest.Setting(t, togetherVariable, 4)
	stop, cancel := context.WithTimeout(ctx, time.Duration(seconds)*time.Second)
	defer cancel()

	// What was saved and what was expunged, by the subjects.
	tally := &tally{saved: map[string]bool{}, expunged: map[string]bool{}}
	var workers sync.WaitGroup
	for i := range 3 {
		workers.Go(func() { tally.children(t, d, stop, i) })
	}
	for i := range 2 {
		workers.Go(func() { tally.deliver(t, d, stop, i) })
	}
	workers.Go(func() { tally.expunge(t, d, stop) })
	workers.Go(func() {
		for stop.Err() == nil {
			out, complaints, err := d.Try("", "purge")
			require.NoError(t, err, out+complaints)
		}
	})
	workers.Wait()
	require.Empty(t, d.Complaints())
	d.Own()

	_, err := x.Purge(ctx)
	require.NoError(t, err)
	require.Empty(t, x.problems())
	ours, theirs := x.state(), d.state()
	require.Equal(t, theirs, ours)
	count := map[string]int{}
	for _, line := range ours {
		if m := subjectInState.FindStringSubmatch(line); m != nil {
			count[m[1]]++
			require.Contains(t, line, "end of "+m[1]+`\n"`, "torn")
		}
	}
	for s := range tally.saved {
		if tally.expunged[s] {
			require.Zero(t, count[s], "%s was expunged", s)
		} else {
			require.Equal(t, 1, count[s], "%s: lost or doubled", s)
		}
	}
	t.Logf("%d messages saved, %d expunged", len(tally.saved), len(tally.expunged))
	require.Greater(t, len(tally.saved), 20)
	require.Empty(t, d.Complaints())
}

var subjectInState = regexp.MustCompile(`"Subject: ([^\\]+)\\n`)

type tally struct {
	sync.Mutex
	saved, expunged map[string]bool
}

func (y *tally) add(kind byte, subject string) {
	y.Lock()
	defer y.Unlock()
	if kind == '+' {
		y.saved[subject] = true
	} else {
		y.expunged[subject] = true
	}
}

func mailText(subject string, lines int) string {
	return "Subject: " + subject + "\n\n" + strings.Repeat("a line of text\n", lines) + "end of " + subject + "\n"
}

// deliver saves by doveadm.
func (y *tally) deliver(t *testing.T, d *dovecot, stop context.Context, worker int) {
	for n := 0; stop.Err() == nil; n++ {
		subject := fmt.Sprintf("dovecot-%d-%d", worker, n)
		out, complaints, err := d.Try(mailText(subject, n%40), "save", "-m", []string{"INBOX", "Other"}[n%2])
		require.NoError(t, err, out+complaints)
		y.add('+', subject)
	}
}

// expunge expunges by doveadm what Dovecot has saved.
func (y *tally) expunge(t *testing.T, d *dovecot, stop context.Context) {
	for n := 0; stop.Err() == nil; n++ {
		y.Lock()
		var victim string
		for s := range y.saved {
			if strings.HasPrefix(s, "dovecot") && !y.expunged[s] {
				victim = s
				break
			}
		}
		y.Unlock()
		if victim == "" {
			continue
		}
		// A search by subject finds words: the whole subject ends with the line.
		out, complaints, err := d.Try("", "-f", "flow", "fetch", "mailbox uid hdr.subject", "subject", victim)
		require.NoError(t, err, complaints)
		for line := range strings.Lines(out) {
			f := strings.Fields(line)
			if len(f) == 3 && f[2] == "hdr.subject="+victim {
				_, complaints, err := d.Try("", "expunge", "mailbox", strings.TrimPrefix(f[0], "mailbox="), "uid", strings.TrimPrefix(f[1], "uid="))
				require.NoError(t, err, complaints)
				y.add('-', victim)
			}
		}
	}
}

// children runs this test again, as the user that Dovecot runs as, and notes
// what it says.
func (y *tally) children(t *testing.T, d *dovecot, stop context.Context, worker int) {
	exe := d.Dir + "/child" + fmt.Sprint(worker)
	self, err := os.Executable()
	require.NoError(t, err)
	data, err := os.ReadFile(self)
	require.NoError(t, err)
	// A child forked meanwhile would have the program open for writing, and it
	// could not be run.
	syscall.ForkLock.RLock()
	err = os.WriteFile(exe, data, 0o755)
	syscall.ForkLock.RUnlock()
	require.NoError(t, err)
	deadline, _ := stop.Deadline()
	cmd := exec.Command(exe, "-test.run=^TestTogetherWithDovecot$", "-test.v")
	cmd.Env = append(os.Environ(), childVariable+"="+d.Root, fmt.Sprintf("MDBOX_TOGETHER_WORKER=%d", worker),
		fmt.Sprintf("MDBOX_TOGETHER_UNTIL=%d", deadline.UnixNano()), "TMPDIR="+d.Dir+"/home", "HOME="+d.Dir+"/home", "GORACE=log_path=stderr")
	cmd.Dir = d.Dir + "/home"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: storetest.Nobody, Gid: storetest.Nobody}}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	for line := range strings.Lines(string(out)) {
		if len(line) > 2 && (line[0] == '+' || line[0] == '-') && strings.HasPrefix(line[1:], "ours-") {
			y.add(line[0], strings.TrimSpace(line[1:]))
		}
	}
}

// child saves, copies, moves, expunges and purges, and says what it has saved and
// expunged.
func child(t *testing.T, root string) {
	worker := storetest.Setting(t, "MDBOX_TOGETHER_WORKER", 0)
	until := time.Unix(0, storetest.Setting(t, "MDBOX_TOGETHER_UNTIL", 0))
	kind := []string{"threadpool", "uring", "threadpool"}[worker]
	fsys := newFS(t, engines[kind](t), fsapi.SyncNever)
	s, err := Open(ctx, Options{FS: fsys, Root: root, Alt: root + "/../alt", Version: 2, RotateSize: 8 << 10, Logger: quiet, Limits: smallLimits})
	require.NoError(t, err)
	defer s.Close()
	x := &store{s, t}
	random := rand.New(rand.NewSource(worker))
	boxes := []mailstore.Mailbox{x.box("INBOX"), x.box("Other")}
	for n := 0; time.Now().Before(until); n++ {
		b, other := boxes[n%2], boxes[(n+1)%2]
		var subjects []string
		tx := b.Begin()
		for i := range 1 + random.Intn(3) {
			subjects = append(subjects, fmt.Sprintf("ours-%d-%d-%d", worker, n, i))
			require.NoError(t, tx.Save(ctx, strings.NewReader(mailText(subjects[i], random.Intn(60))), mailstore.SaveOptions{}))
		}
		uids, err := tx.Commit(ctx)
		require.NoError(t, err)
		for _, s := range subjects {
			fmt.Println("+" + s)
		}
		switch n % 4 {
		case 0:
			require.NoError(t, b.SetFlags(ctx, uids, mailstore.FlagChange{Add: mailstore.Seen, AddKeywords: []string{"k"}}))
			_, err = b.Move(ctx, uids, other)
			require.NoError(t, err)
		case 1:
			require.NoError(t, b.Expunge(ctx, uids[:1]))
			fmt.Println("-" + subjects[0])
		case 2:
			copied, err := b.Copy(ctx, uids, other)
			require.NoError(t, err)
			for m, err := range other.Fetch(ctx, copied, mailstore.FetchOptions{Verify: true}) {
				require.NoError(t, err)
				body, err := m.Body(ctx)
				require.NoError(t, err)
				_, err = io.Copy(io.Discard, body)
				require.NoError(t, err)
			}
			require.NoError(t, other.Expunge(ctx, copied))
		case 3:
			_, err := s.Purge(ctx)
			require.NoError(t, err)
		}
	}
}
