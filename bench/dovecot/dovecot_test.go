package dovecot

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/bench/engine"
	"github.com/ringbox/ringbox/bench/mail"
)

// open starts an instance, or skips the test saying why.
func open(t *testing.T, kind string) *store {
	t.Helper()
	// Dovecot's user has to get to the store.
	root, err := os.MkdirTemp("", "ringbox-test-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(root)) })
	require.NoError(t, os.Chmod(root, 0o755))
	dir := filepath.Join(root, "home")
	require.NoError(t, os.Mkdir(dir, 0o755))
	s, err := Open(t.Context(), kind, "", dir)
	if errors.Is(err, engine.ErrUnavailable) {
		t.Skipf("SKIPPED: %v", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s.(*store)
}

// What was delivered is what is fetched, and afterwards nothing is left running.
func TestStore(t *testing.T) {
	for _, kind := range []string{"sdbox", "mdbox"} {
		s := open(t, kind)
		mails := mail.Generate(1, 5)
		delivered := make(chan int, len(mails))
		require.NoError(t, s.Deliver(t.Context(), mails, 2, func(i int, begun time.Time) { delivered <- i }))
		require.Len(t, delivered, 5)
		n, err := s.Count(t.Context())
		require.NoError(t, err)
		require.Equal(t, 5, n)
		var text bytes.Buffer
		require.NoError(t, s.Fetch(t.Context(), &text))
		for _, m := range mails {
			_, body, _ := bytes.Cut(m.Data, []byte("\n\n"))
			require.True(t, bytes.Contains(bytes.ReplaceAll(text.Bytes(), []byte("\r\n"), []byte("\n")), bytes.TrimSpace(body)), m.Name)
		}
		base, address := s.base, s.address()
		require.NoError(t, s.Close())
		require.NoDirExists(t, base)
		_, err = net.DialTimeout("tcp", address, time.Second)
		require.Error(t, err, "it still listens")
	}
}

// An error of Dovecot's comes with what Dovecot says about it.
func TestErrors(t *testing.T) {
	s := open(t, "sdbox")
	require.ErrorContains(t, s.run(t.Context(), io.Discard, "fetch", "-u", user, "nonsense", "ALL"), "doveadm fetch: ")
	require.NoError(t, os.RemoveAll(filepath.Join(s.home, "store")))
	require.NoError(t, os.WriteFile(filepath.Join(s.home, "store"), nil, 0o600)) // in the way
	err := s.Deliver(t.Context(), mail.Generate(1, 1), 1, func(int, time.Time) {})
	require.ErrorContains(t, err, "LMTP: generated 0: ")
	require.ErrorContains(t, err, "Error: ")
}

func TestUnavailable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Setenv("PATH", t.TempDir())
	}
	err := Ready(t.Context(), "sdbox", "/")
	if err == nil {
		t.Skip("SKIPPED: dovecot is found without PATH")
	}
	require.ErrorIs(t, err, engine.ErrUnavailable)
}

// A directory that Dovecot's user cannot get to is a reason to leave Dovecot out.
func TestUnreachable(t *testing.T) {
	closed := t.TempDir()
	require.NoError(t, os.Chmod(closed, 0o700))
	open := filepath.Join(closed, "open")
	require.NoError(t, os.Mkdir(open, 0o755))
	for _, dir := range []string{closed, open} {
		err := reachable(dir)
		require.ErrorIs(t, err, engine.ErrUnavailable)
		require.ErrorContains(t, err, "cannot get through")
	}
	require.NoError(t, reachable("/"))
	require.ErrorIs(t, reachable(filepath.Join(closed, "missing")), os.ErrNotExist)
}
