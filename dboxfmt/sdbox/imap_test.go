package sdbox

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// session is one of Dovecot's IMAP server, which reads commands from a pipe.
type session struct {
	t   testing.TB
	in  io.Writer
	out *bufio.Reader
	tag int
}

const imapProgram = "/usr/lib/dovecot/imap"

func (d *dovecot) imap() *session {
	if _, err := os.Stat(imapProgram); err != nil {
		d.T.Skipf("SKIPPED: not compared with an IMAP session: %v", err)
	}
	d.Own()
	cmd := d.Command(imapProgram)
	var complaints bytes.Buffer
	cmd.Dir, cmd.Stderr = filepath.Join(d.Dir, "home"), &complaints
	in, err := cmd.StdinPipe()
	require.NoError(d.T, err)
	out, err := cmd.StdoutPipe()
	require.NoError(d.T, err)
	require.NoError(d.T, cmd.Start())
	late := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	d.T.Cleanup(func() {
		_ = in.Close()
		_, _ = io.Copy(io.Discard, out)
		require.NoError(d.T, cmd.Wait())
		late.Stop()
		for line := range strings.Lines(complaints.String()) {
			require.NotRegexp(d.T, "Error|Warning|Panic|Fatal", line)
		}
		require.Empty(d.T, d.Complaints())
	})
	s := &session{t: d.T, in: in, out: bufio.NewReader(out)}
	s.until("* ")
	return s
}

// do sends a command, which must succeed, and returns what the server says.
func (s *session) do(command string) string {
	s.t.Helper()
	s.tag++
	tag := fmt.Sprintf("t%d ", s.tag)
	_, err := io.WriteString(s.in, tag+command+"\r\n")
	require.NoError(s.t, err)
	answer := s.until(tag)
	require.Contains(s.t, answer, tag+"OK")
	return answer
}

// until reads up to a line that begins so.
func (s *session) until(begin string) (all string) {
	s.t.Helper()
	for {
		line, err := s.out.ReadString('\n')
		require.NoError(s.t, err, all)
		all += line
		if strings.HasPrefix(line, begin) {
			return all
		}
	}
}

// A session that has the mailbox open sees what is done here, and the other way
// round.
func TestBesideIMAPSession(t *testing.T) {
	d := newDovecot(t)
	x := openStore(t, Options{FS: newFS(t, fsapi.ThreadPool, fsapi.SyncNever), Root: d.Root, Alt: d.Alt, Version: 2, Logger: quiet, PollInterval: 10 * time.Millisecond})
	m := x.open("INBOX")
	save(t, m, mailstore.SaveOptions{}, "Subject: one\n\n1\n")
	s := d.imap()
	require.Contains(t, s.do("SELECT INBOX"), "* 1 EXISTS")

	save(t, m, mailstore.SaveOptions{Flags: mailstore.Flagged}, "Subject: two\n\n2\n", "Subject: three\n\n3\n")
	d.Own()
	require.Contains(t, s.do("NOOP"), "* 3 EXISTS")
	require.Contains(t, s.do("UID FETCH 2 (FLAGS BODY[])"), "Subject: two\r\n\r\n2\r\n")
	require.NoError(t, m.SetFlags(x.ctx, []uint32{1}, mailstore.FlagChange{Add: mailstore.Seen, AddKeywords: []string{"mine"}}))
	require.Contains(t, s.do("NOOP"), `* 1 FETCH (FLAGS (\Seen`)
	require.NoError(t, m.AltMove(x.ctx, []uint32{3}, false))
	d.Own()
	require.Contains(t, s.do("UID FETCH 3 BODY[TEXT]"), "3\r\n")
	require.NoError(t, m.Expunge(x.ctx, []uint32{2}))
	require.Contains(t, s.do("NOOP"), "* 2 EXPUNGE")

	_, err := m.Status(x.ctx)
	require.NoError(t, err)
	woken := make(chan error, 1)
	go func() { woken <- m.Wait(x.ctx) }()
	s.do("UID STORE 1 +FLAGS.SILENT (theirs \\Deleted)")
	require.NoError(t, <-woken)
	e, err := m.Entries(x.ctx)
	require.NoError(t, err)
	first, err := e.At(x.ctx, 0)
	require.NoError(t, err)
	require.Equal(t, mailstore.Seen|mailstore.Deleted, first.Flags)
	require.Equal(t, []string{"mine", "theirs"}, first.Keywords)
	s.do("EXPUNGE")
	require.Equal(t, []string{`3 "Subject: three\n\n3\n" \Flagged \Seen alt`}, contents(t, m)) // reading its text has made it \Seen
}
