package dboxstore

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/bench/engine"
	"github.com/ringbox/ringbox/bench/mail"
	"github.com/ringbox/ringbox/bench/workload"
)

// shared is where the programs of all tests are.
var shared string

func TestMain(m *testing.M) {
	var err error
	if shared, err = os.MkdirTemp("", "ringbox-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(shared)
	os.Exit(code)
}

// open makes a store, or skips the test saying why.
func open(t *testing.T, format string) *store {
	t.Helper()
	maker := Maker(format)
	err := maker.Ready(t.Context(), "threadpool", shared)
	if errors.Is(err, engine.ErrUnavailable) {
		t.Skipf("SKIPPED: %v", err)
	}
	require.NoError(t, err)
	s, err := maker.Open(t.Context(), "threadpool", shared, t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s.(*store)
}

// What was delivered is what is fetched, under the lines that the server adds;
// the server ends.
func TestDeliver(t *testing.T) {
	for _, format := range []string{"sdbox", "mdbox"} {
		s := open(t, format)
		mails := mail.Generate(1, 6)
		require.NoError(t, s.Serve(t.Context()))
		done := make(chan int, len(mails))
		require.NoError(t, s.Deliver(t.Context(), mails, 3, func(i int, _ time.Time) { done <- i }))
		require.Len(t, done, 6)
		n, err := s.Count(t.Context())
		require.NoError(t, err)
		require.Equal(t, 6, n)
		require.NoError(t, s.Close())
		require.True(t, s.server.cmd.ProcessState.Success())
		var text bytes.Buffer
		require.NoError(t, s.Fetch(t.Context(), &text))
		for _, m := range mails {
			require.True(t, bytes.Contains(text.Bytes(), m.Data), m.Name)
		}
		require.Equal(t, 6, strings.Count(text.String(), "Return-Path: <sender@example.org>\nDelivered-To: bench@localhost\nReceived: from "))
	}
}

func TestImport(t *testing.T) {
	s := open(t, "sdbox")
	maildir := t.TempDir()
	for _, sub := range []string{"cur", "new", "tmp"} {
		require.NoError(t, os.Mkdir(filepath.Join(maildir, sub), 0o700))
	}
	require.NoError(t, os.WriteFile(filepath.Join(maildir, "cur", "1.a:2,S"), []byte("Subject: x\n\ny\n"), 0o600))
	require.NoError(t, s.Import(t.Context(), maildir))
	var text bytes.Buffer
	require.NoError(t, s.Fetch(t.Context(), &text))
	require.Equal(t, "Subject: x\n\ny\n", text.String())
	require.ErrorContains(t, s.Import(t.Context(), "/nowhere"), "dbox import: ")
}

// Errors of the server come with what it has said, and end with the context.
func TestServerErrors(t *testing.T) {
	s := open(t, "sdbox")
	s.location = "floppy:a"
	require.ErrorContains(t, s.Serve(t.Context()), "sdbox:PATH or mdbox:PATH")

	s = open(t, "mdbox")
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, s.Serve(ctx))
	cancel()
	require.Error(t, s.Deliver(ctx, mail.Generate(1, 1), 1, func(int, time.Time) {}))
	require.NoError(t, s.Close())

	s = open(t, "mdbox")
	require.NoError(t, s.Serve(t.Context()))
	require.NoError(t, s.server.cmd.Process.Signal(syscall.SIGKILL))
	require.NoError(t, s.server.stop())
	require.Error(t, s.Deliver(t.Context(), mail.Generate(1, 1), 1, func(int, time.Time) {}))
}

func TestNotBuilt(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := Ready(t.Context(), "threadpool", t.TempDir())
	require.ErrorIs(t, err, engine.ErrUnavailable)
	require.ErrorContains(t, err, "go build")
}

var _ workload.Store = (*store)(nil)
