package dboxstore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// server is a process that serves LMTP until its standard input ends.
type server struct {
	cmd     *exec.Cmd
	stdin   io.Closer
	address string
	said    log
	stopped bool
}

// startServer starts a program and waits for the address that it prints.
func startServer(ctx context.Context, program string, args ...string) (_ *server, err error) {
	s := &server{cmd: exec.CommandContext(ctx, program, args...)}
	s.cmd.Stderr = &s.said
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if s.address = strings.TrimSpace(line); err != nil {
		return nil, fmt.Errorf("lmtpd: %w: %w%s", err, s.stop(), s.errors())
	}
	return s, nil
}

// errors is what the server has said about errors, for error texts.
func (s *server) errors() string {
	if text := s.said.String(); text != "" {
		return " (" + text + ")"
	}
	return ""
}

// stopTime is how long a server may take to end.
const stopTime = 10 * time.Second

// stop ends the server. A second stop does nothing.
func (s *server) stop() error {
	if s.stopped {
		return nil
	}
	s.stopped = true
	_ = s.stdin.Close() // it may have ended
	late := time.AfterFunc(stopTime, func() { _ = s.cmd.Process.Kill() })
	defer late.Stop()
	return ignoreKilled(s.cmd.Wait())
}

// ignoreKilled: a server that was ended with its context is no failure.
func ignoreKilled(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == -1 || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// log keeps the beginning of what a process says.
type log struct {
	mu   sync.Mutex
	text strings.Builder
}

// logSize is how much is kept, in bytes.
const logSize = 4 << 10

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p[:min(len(p), max(0, logSize-l.text.Len()))])
	return len(p), nil
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.ReplaceAll(strings.TrimSpace(l.text.String()), "\n", "; ")
}
