package dovecot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ringbox/ringbox/bench/engine"
	"github.com/ringbox/ringbox/bench/lmtp"
	"github.com/ringbox/ringbox/bench/mail"
	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/bench/workload"
)

// store is a running instance.
type store struct {
	base, home string
	port       int
	doveadm    string
	master     *exec.Cmd
	ended      chan error
}

// programs returns where dovecot and doveadm are, or why they cannot be used.
func programs() (dovecot, doveadm string, err error) {
	if os.Geteuid() != 0 {
		return "", "", fmt.Errorf("%w: Dovecot's master process needs root", engine.ErrUnavailable)
	}
	for _, candidate := range []string{"dovecot", "/usr/sbin/dovecot"} {
		if dovecot, err = exec.LookPath(candidate); err == nil {
			break
		}
	}
	if err == nil {
		doveadm, err = exec.LookPath("doveadm")
	}
	if err != nil {
		return "", "", fmt.Errorf("%w: Dovecot is not installed", engine.ErrUnavailable)
	}
	return dovecot, doveadm, nil
}

// Ready says why no instance can be started here, with stores below dir; nil if
// one can.
func Ready(_ context.Context, _, dir string) error {
	_, _, err := programs()
	if err == nil {
		err = reachable(dir)
	}
	return err
}

// reachable: Dovecot's mail user gets through to dir.
func reachable(dir string) error {
	dir, err := filepath.Abs(dir)
	for ; err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		info, statErr := os.Stat(dir)
		if err = statErr; err == nil && info.Mode()&1 == 0 {
			err = fmt.Errorf("%w: Dovecot's mail user cannot get through %s (%v)", engine.ErrUnavailable, dir, info.Mode())
		}
	}
	return err
}

// Open starts an instance with an empty store of a kind, sdbox or mdbox, in dir.
func Open(ctx context.Context, kind, _, dir string) (workload.Store, error) {
	program, doveadm, err := programs()
	if err != nil {
		return nil, err
	}
	s := &store{home: dir, doveadm: doveadm, ended: make(chan error, 1)}
	// The paths of sockets have about a hundred characters.
	if s.base, err = os.MkdirTemp(os.TempDir(), "rb-dovecot-"); err != nil {
		return nil, err
	}
	err = s.start(ctx, program, kind)
	if err == nil {
		// The mailbox is there before the first delivery: Dovecot 2.3.19 crashes
		// when two connections create it at the same time.
		_, err = s.Count(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *store) start(ctx context.Context, program, kind string) (err error) {
	if err := errors.Join(os.Chmod(s.base, 0o755), os.Chown(s.home, mailUID, mailUID)); err != nil {
		return err
	}
	if s.port, err = freePort(); err != nil {
		return err
	}
	if err := s.configure(kind); err != nil {
		return err
	}
	s.master = exec.Command(program, "-F", "-c", s.config())
	var said bytes.Buffer
	s.master.Stderr = &said
	if err := s.master.Start(); err != nil {
		return err
	}
	go func() { s.ended <- s.master.Wait() }()
	return s.ready(ctx, &said)
}

// ready waits until LMTP answers.
func (s *store) ready(ctx context.Context, said fmt.Stringer) error {
	for range 500 {
		conn, err := net.DialTimeout("tcp", s.address(), time.Second)
		if err == nil {
			return conn.Close()
		}
		select {
		case err := <-s.ended:
			s.ended <- err
			return fmt.Errorf("dovecot ended: %w: %s", err, strings.TrimSpace(said.String()))
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return errors.New("dovecot does not answer")
}

func (s *store) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Deliver speaks LMTP.
func (s *store) Deliver(ctx context.Context, mails []mail.Message, connections int, done func(int, time.Time)) error {
	c := lmtp.Client{Address: s.address(), User: user, Said: s.logged}
	return c.Deliver(ctx, mails, connections, done)
}

// Serve does nothing: LMTP is there since Open.
func (s *store) Serve(context.Context) error { return nil }

// Label is what doveadm prints before each message.
func (s *store) Label() string { return "text:\n" }

// run runs doveadm.
func (s *store) run(ctx context.Context, out io.Writer, command ...string) error {
	cmd := exec.CommandContext(ctx, s.doveadm, append([]string{"-c", s.config()}, command...)...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &said
	if err := cmd.Run(); err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
		return fmt.Errorf("doveadm %s: %w: %s", command[0], err, first)
	}
	return nil
}

func (s *store) Own(dir string) error {
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Chown(path, mailUID, mailUID))
	})
}

func (s *store) Import(ctx context.Context, maildir string) error {
	return s.run(ctx, io.Discard, "import", "-u", user, "maildir:"+maildir, "", "ALL")
}

func (s *store) Fetch(ctx context.Context, w io.Writer) error {
	return s.run(ctx, w, "fetch", "-u", user, "text", "ALL")
}

func (s *store) Count(ctx context.Context) (int, error) {
	var out bytes.Buffer
	if err := s.run(ctx, &out, "-f", "flow", "mailbox", "status", "-u", user, "messages", "INBOX"); err != nil {
		return 0, err
	}
	_, number, _ := strings.Cut(strings.TrimSpace(out.String()), "messages=")
	return strconv.Atoi(number)
}

// logged returns the last error in Dovecot's log, for error texts: the log is
// removed with the instance. Dovecot's log process may be some milliseconds late.
func (s *store) logged() string {
	for range 25 {
		text, err := os.ReadFile(filepath.Join(s.base, "log"))
		if err != nil {
			return ""
		}
		lines := strings.Split(string(text), "\n")
		for _, line := range slices.Backward(lines) {
			if strings.Contains(line, " Error: ") {
				return " (" + line + ")"
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	return ""
}

// Close stops the instance. Its store stays. A second Close does nothing.
func (s *store) Close() (err error) {
	if s.master != nil && s.master.Process != nil {
		err = s.stop()
		s.master = nil
	}
	return errors.Join(err, os.RemoveAll(s.base))
}

func (s *store) stop() error {
	_ = s.master.Process.Signal(os.Interrupt) // it may have ended
	select {
	case <-s.ended:
		return nil
	case <-time.After(10 * time.Second):
		return errors.Join(errors.New("dovecot does not stop"), s.master.Process.Kill())
	}
}

var _ workload.Store = (*store)(nil)

// Usage adds up the master and the processes that it has started.
func (s *store) Usage() measure.Usage { return measure.Processes(s.master.Process.Pid) }
