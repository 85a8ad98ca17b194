//go:build linux || darwin

package backend

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// child is this test binary once more, as another process that locks.
type child struct {
	cmd *exec.Cmd
	out *bufio.Reader
}

const childEnv = "BACKEND_TEST_LOCK"

// startChild starts a process that takes the lock, if it can, says so and
// keeps it until it is killed.
func startChild(t *testing.T, path string, kind LockKind) child {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestLockChild$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d:%s", childEnv, kind, path))
	_, err := cmd.StdinPipe() // the child ends when we do
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	c := child{cmd, bufio.NewReader(out)}
	t.Cleanup(func() { c.cmd.Process.Kill() })
	return c
}

func (c child) answer(t *testing.T) string {
	t.Helper()
	line, err := c.out.ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(line)
}

func (c child) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, c.cmd.Process.Kill())
	var exit *exec.ExitError
	require.ErrorAs(t, c.cmd.Wait(), &exit)
}

func tryInChild(t *testing.T, path string, kind LockKind) string {
	t.Helper()
	c := startChild(t, path, kind)
	answer := c.answer(t)
	c.kill(t)
	return answer
}

// TestLockChild is the child.
func TestLockChild(t *testing.T) {
	kind, path, ok := strings.Cut(os.Getenv(childEnv), ":")
	number, err := strconv.Atoi(kind)
	if !ok || err != nil {
		t.Skip("only for a child process of another test")
	}
	h := &Handle{}
	Execute(&Op{Kind: OpOpen, Path: path, Handle: h})
	fmt.Println(lockInChild(h, path, LockKind(number)))
	bufio.NewReader(os.Stdin).ReadByte()
}

func lockInChild(h *Handle, path string, kind LockKind) string {
	if kind == posixKind {
		return posixLock(path)
	}
	_, held, err := TryLock(h, path, kind)
	if err != nil {
		return err.Error()
	}
	return heldOrFree(held)
}

func heldOrFree(held bool) string {
	if held {
		return "held"
	}
	return "free"
}

// posixKind is fcntl(2)'s old lock, which Dovecot takes.
const posixKind LockKind = 9

func posixLock(path string) string {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err.Error()
	}
	err = unix.FcntlFlock(f.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
	if err != nil && !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EACCES) {
		return err.Error()
	}
	return heldOrFree(err != nil)
}
