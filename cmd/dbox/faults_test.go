package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// Whatever operation fails, a command never says that it has done what it has
// not, and leaves nothing half done.
func TestEveryFault(t *testing.T) {
	const twoMails = "testdata/files/u.2"
	sources := t.TempDir()
	nastyMaildir(t, filepath.Join(sources, "maildir"), nasty[:3])
	// Closing what was read may fail, and so may looking where a symbolic link leads.
	rule := fault.Rule{Match: func(op *backend.Op, _ string) bool { return op.Kind != backend.OpClose }}
	for name, c := range map[string]struct {
		args  string
		check func(t *testing.T, dir string, o outcome)
	}{
		"dump":       {"dump " + twoMails, nil},
		"cat":        {"cat testdata/files/m.1", nil},
		"verify":     {"verify testdata/files", nil},
		"convert":    {"convert --to 3 testdata/files/m.1 DIR/out", checkNothingOr("out")},
		"tree":       {"convert --to 2 --jobs 1 testdata/files DIR/out", checkNothingOr("out")},
		"to single":  {"import SRC/maildir sdbox-files:DIR/out", checkCounted},
		"to multi":   {"import --version 2 SRC/maildir mdbox-files:DIR/out", checkCounted},
		"to mbox":    {"export testdata/files/m.2 mbox:DIR/out", nil},
		"to maildir": {"export testdata/files/m.2 maildir:DIR/out", nil},
	} {
		t.Run(name, func(t *testing.T) {
			runs := 0
			err := fault.Sweep(2000, func() backend.Backend { return backend.NewSync(0) }, rule.Fail(syscall.EIO), func(b *fault.Backend, f *fault.Fault) error {
				runs++
				dir := filepath.Join(t.TempDir(), fmt.Sprint(runs))
				require.NoError(t, os.Mkdir(dir, 0o700))
				var stdout, stderr bytes.Buffer
				a := &app{stdout: &stdout, stderr: &stderr, engine: func() backend.Backend { return b }}
				line := strings.NewReplacer("DIR", dir, "SRC", sources).Replace(c.args)
				o := outcome{a.execute(t.Context(), strings.Fields(line)), "", ""}
				o.stdout, o.stderr = stdout.String(), stderr.String()
				switch {
				case f.Hits() == 0 && o.code != exitOK:
					return fmt.Errorf("without a fault: %+v", o)
				case f.Hits() > 0 && o.code == exitOK:
					return fmt.Errorf("the fault is not told: %+v", o)
				}
				if c.check != nil {
					c.check(t, dir, o)
				}
				return nil
			})
			require.NoError(t, err)
			require.Greater(t, runs, 3)
		})
	}
}

// checkNothingOr makes sure that a failure leaves nothing at all.
func checkNothingOr(name string) func(t *testing.T, dir string, o outcome) {
	return func(t *testing.T, dir string, o outcome) {
		if o.code != exitOK {
			require.Empty(t, names(t, dir), o.stderr)
			return
		}
		require.Equal(t, []string{name}, names(t, dir))
		ok(t, "verify", filepath.Join(dir, name))
	}
}

// checkCounted makes sure that exactly the messages are there that were
// counted.
func checkCounted(t *testing.T, dir string, o outcome) {
	count := "0"
	if said := regexp.MustCompile(`(\d+) messages? imported`).FindStringSubmatch(o.stderr); said != nil {
		count = said[1]
	}
	v := dbox(t, "verify", dir)
	require.Equal(t, exitOK, v.code, v.stdout)
	require.Contains(t, v.stderr, " "+count+" good message", o.stderr)
}
