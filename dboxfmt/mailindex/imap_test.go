package mailindex

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// imap is a session of Dovecot's IMAP server that was not logged in to: it reads
// commands from a pipe.
type imap struct {
	t    testing.TB
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	log  complaints
	tag  int
	stop *time.Timer
}

// complaints is what a process says while it runs.
type complaints struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (c *complaints) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.Write(p)
}

func (c *complaints) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

const imapProgram = "/usr/lib/dovecot/imap"

func (d *dovecot) imap() *imap {
	t := d.t
	if _, err := os.Stat(imapProgram); err != nil {
		t.Skipf("SKIPPED: no IMAP server of Dovecot on this machine: %v", err)
	}
	s := &imap{t: t, cmd: exec.Command(imapProgram, "-c", d.conf)}
	s.cmd.Env = append(os.Environ(), "USER=test", "HOME="+filepath.Dir(d.root))
	s.cmd.Dir = filepath.Dir(d.root)
	s.cmd.Stderr = &s.log
	in, err := s.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := s.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, s.cmd.Start())
	s.in, s.out = in, bufio.NewReader(out)
	s.stop = time.AfterFunc(time.Minute, func() { _ = s.cmd.Process.Kill() })
	t.Cleanup(func() { _ = s.cmd.Process.Kill() })
	s.until("* ")
	return s
}

// do sends a command, which must succeed, and returns what the server says.
func (s *imap) do(command string) string {
	s.t.Helper()
	s.tag++
	tag := fmt.Sprintf("t%d ", s.tag)
	_, err := io.WriteString(s.in, tag+command+"\r\n")
	require.NoError(s.t, err)
	answer := s.until(tag)
	require.Contains(s.t, answer, tag+"OK", "%s: %s", answer, s.log.String())
	return answer
}

// until reads up to a line that begins so.
func (s *imap) until(begin string) (all string) {
	s.t.Helper()
	for {
		line, err := s.out.ReadString('\n')
		require.NoError(s.t, err, "%s: %s", all, s.log.String())
		all += line
		if strings.HasPrefix(line, begin) {
			return all
		}
	}
}

func (s *imap) close() {
	s.t.Helper()
	require.NoError(s.t, s.in.Close())
	_, err := io.Copy(io.Discard, s.out) // a farewell
	require.NoError(s.t, err)
	require.NoError(s.t, s.cmd.Wait())
	s.stop.Stop()
	for line := range strings.Lines(s.log.String()) {
		require.NotRegexp(s.t, "Error|Warning|Panic|Fatal", line)
	}
}
