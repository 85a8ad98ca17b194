package dboxstore

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/ringbox/ringbox/bench/lmtp"
	"github.com/ringbox/ringbox/bench/mail"
	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/bench/workload"
)

// store is a store that is worked on by programs.
type store struct {
	location string // FORMAT:PATH
	backend  string
	shared   string
	server   *server // nil while none runs
}

// Maker makes stores of a format, sdbox or mdbox, whose kinds are backends.
func Maker(format string) workload.Maker {
	return workload.Maker{Ready: Ready, Open: func(_ context.Context, backend, shared, dir string) (workload.Store, error) {
		return &store{location: format + ":" + filepath.Join(dir, "store"), backend: backend, shared: shared}, nil
	}}
}

// dbox runs the tool.
func (s *store) dbox(ctx context.Context, out io.Writer, command ...string) error {
	cmd := exec.CommandContext(ctx, program(s.shared, "dbox"), append([]string{"--backend=" + s.backend}, command...)...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &said
	if err := cmd.Run(); err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
		return fmt.Errorf("dbox %s: %w: %s", command[0], err, first)
	}
	return nil
}

// Own does nothing: all processes here have the same user.
func (s *store) Own(string) error { return nil }

func (s *store) Import(ctx context.Context, maildir string) error {
	return s.dbox(ctx, io.Discard, "import", "--version=2", "maildir:"+maildir, s.location)
}

func (s *store) Fetch(ctx context.Context, w io.Writer) error {
	return s.dbox(ctx, w, "fetch", s.location, "INBOX")
}

// Label: there is nothing before the text of a message.
func (s *store) Label() string { return "" }

func (s *store) Count(ctx context.Context) (int, error) {
	var out bytes.Buffer
	if err := s.dbox(ctx, &out, "stat", "--json", s.location, "INBOX"); err != nil {
		return 0, err
	}
	var box struct{ Messages int }
	err := json.Unmarshal(out.Bytes(), &box)
	return box.Messages, err
}

// Serve starts the LMTP server.
func (s *store) Serve(ctx context.Context) (err error) {
	s.server, err = startServer(ctx, program(s.shared, "lmtpd"), "-backend="+s.backend, s.location)
	return err
}

func (s *store) Deliver(ctx context.Context, mails []mail.Message, connections int, done func(int, time.Time)) error {
	c := lmtp.Client{Address: s.server.address, User: "bench@localhost", Said: s.server.errors}
	return c.Deliver(ctx, mails, connections, done)
}

// Usage is that of the server; the other programs are children that were waited
// for.
func (s *store) Usage() measure.Usage {
	if s.server == nil {
		return measure.Usage{}
	}
	return measure.Processes(s.server.cmd.Process.Pid)
}

// Close ends the server. The store stays.
func (s *store) Close() error {
	if s.server == nil {
		return nil
	}
	return s.server.stop()
}
