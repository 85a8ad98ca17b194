package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// copyDamaged makes a store of the damaged files and one without mail.
func copyDamaged(t *testing.T) (dir string, files []string) {
	dir, files = t.TempDir(), names(t, "testdata/damaged")
	require.NoError(t, os.CopyFS(dir, os.DirFS("testdata/damaged")))
	return dir, files
}

// What verify finds, repair repairs; the damaged files stay beside the others.
func TestRepair(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		dir, damaged := copyDamaged(t)
		o := dbox(t, "repair", "--backend", backend, dir)
		require.Equal(t, exitProblems, o.code, o.stderr)
		for _, name := range damaged {
			require.Contains(t, o.stdout, filepath.Join(dir, name)+": ")
			require.Equal(t, readFile(t, filepath.Join("testdata/damaged", name)), readFile(t, filepath.Join(dir, name+".broken")))
		}
		ok(t, "verify", dir)
		o = dbox(t, "repair", "--backend", backend, dir)
		require.Equal(t, exitOK, o.code, "the second time there is nothing to do: %s", o.stdout)
		require.Empty(t, o.stdout)
	})
}

func TestRepairDryRun(t *testing.T) {
	dir, damaged := copyDamaged(t)
	require.Equal(t, exitProblems, dbox(t, "repair", "--dry-run", dir).code)
	require.Equal(t, damaged, names(t, dir))
	for _, name := range damaged {
		require.Equal(t, readFile(t, filepath.Join("testdata/damaged", name)), readFile(t, filepath.Join(dir, name)))
	}
}

func TestRepairEmpty(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"m.1": "", "m.2": "2 M1e C5f3c2a10\n", "m.3": strings.Repeat("\x00", 5000)})
	o := dbox(t, "repair", dir)
	require.Equal(t, exitProblems, o.code)
	require.Equal(t, 3, strings.Count(o.stdout, "left alone"), o.stdout)
	require.Equal(t, []string{"m.1", "m.2", "m.3"}, names(t, dir))
	require.Equal(t, exitProblems, dbox(t, "repair", "--remove-empty", dir).code)
	require.Contains(t, names(t, dir), "m.1.broken")
	require.Contains(t, names(t, dir), "m.3.broken")
	require.NotContains(t, names(t, dir), "m.3")
}
