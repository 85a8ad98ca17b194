package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// sweepStore runs a command line once for each of its operations, which fails,
// on a fresh copy of a store. check gets the store and what the command said.
func sweepStore(t *testing.T, kind, line string, check func(store string, o outcome) error) {
	dir := t.TempDir()
	template := filepath.Join(dir, "template")
	mail := filepath.Join(dir, "mail")
	require.NoError(t, os.WriteFile(mail, []byte("Subject: x\n\nhi\n"), 0o600))
	ok(t, "save", "--create", kind+":"+template, "INBOX", mail, mail, mail)
	ok(t, "mailbox", "create", template, "Other")
	rule := fault.Rule{Match: func(op *backend.Op, _ string) bool { return op.Kind != backend.OpClose }}
	runs := 0
	err := fault.Sweep(5000, func() backend.Backend { return backend.NewSync(0) }, rule.Fail(syscall.EIO), func(b *fault.Backend, f *fault.Fault) error {
		runs++
		root := filepath.Join(dir, fmt.Sprint(runs))
		if err := os.CopyFS(root, os.DirFS(template)); err != nil {
			return err
		}
		defer os.RemoveAll(root)
		var stdout, stderr bytes.Buffer
		a := &app{stdout: &stdout, stderr: &stderr, engine: func() backend.Backend { return b }}
		args := strings.Fields(strings.NewReplacer("STORE", kind+":"+root, "MAIL", mail, "DIR", dir).Replace(line))
		code := a.execute(t.Context(), args)
		if f.Hits() == 0 && code != exitOK {
			return fmt.Errorf("without a fault: %s", stderr.String())
		}
		return check(kind+":"+root, outcome{code, stdout.String(), stderr.String()})
	})
	require.NoError(t, err)
	require.Greater(t, runs, 10)
}

// Whatever operation fails, a change is there if dbox has said so, and not if it
// has not, unless it has said that it does not know; and nothing is damaged that
// a rebuild does not put right. An expunge may fail when the messages are gone
// and something is left to do.
func TestEveryStoreFault(t *testing.T) {
	for _, kind := range kinds {
		for name, c := range map[string]struct {
			line, mailbox     string
			before, afterward int // messages in mailbox
		}{
			"save":    {"save STORE INBOX MAIL MAIL", "INBOX", 3, 5},
			"copy":    {"copy STORE INBOX 1:2 Other", "Other", 0, 2},
			"expunge": {"expunge STORE INBOX 2", "INBOX", 3, 2},
			"import":  {"import eml:MAIL STORE --mailbox Other", "Other", 0, 1},
		} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				sweepStore(t, kind, c.line, func(store string, o outcome) error {
					n := objects[statusJSON](t, "stat", "--json", store, c.mailbox)[0].Messages
					unknown := strings.Contains(o.stderr, "outcome not known") || name == "expunge"
					switch {
					case o.code == exitOK && n != c.afterward:
						return fmt.Errorf("it has not happened: %d messages, %+v", n, o)
					case o.code != exitOK && !unknown && n != c.before:
						return fmt.Errorf("it has happened: %d messages, %+v", n, o)
					case n != c.before && n != c.afterward:
						return fmt.Errorf("half done: %d messages, %+v", n, o)
					}
					return inOrder(t, store, o)
				})
			})
		}
	}
}

// inOrder checks what a command has left of a store.
func inOrder(t *testing.T, store string, after outcome) error {
	v := dbox(t, "verify", store)
	if v.code == exitProblems && after.code != exitOK {
		ok(t, "rebuild", store)
		v = dbox(t, "verify", store)
	}
	if v.code != exitOK {
		return fmt.Errorf("damaged: %+v after %+v", v, after)
	}
	return nil
}
