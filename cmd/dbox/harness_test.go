package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The test binary is the program when this is set.
const asProgram = "RINGBOX_DBOX_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	time.Local = time.UTC // dump prints local times
	os.Exit(m.Run())
}

// outcome is what a command line has done.
type outcome struct {
	code           int
	stdout, stderr string
}

func dbox(t *testing.T, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := execute(t.Context(), args, &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

// ok runs a command line that must succeed and returns its output.
func ok(t *testing.T, args ...string) string {
	t.Helper()
	o := dbox(t, args...)
	require.Equal(t, exitOK, o.code, "dbox %s: %s", strings.Join(args, " "), o.stderr)
	return o.stdout
}

// files of a test, by name and content.
func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

// names returns the names of the files in a directory.
func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// backends are the engines that every command must work on.
var backends = []string{"uring", "threadpool"}

// onBackends runs a test on each engine that works here.
func onBackends(t *testing.T, test func(t *testing.T, backend string)) {
	for _, backend := range backends {
		t.Run(backend, func(t *testing.T) {
			if o := dbox(t, "verify", "--backend", backend, "testdata/files"); o.code != exitOK {
				if backend == "uring" && strings.Contains(o.stderr, "uring") {
					t.Skip("SKIPPED, NOTHING IS TESTED: ", o.stderr)
				}
				t.Fatal(o.stderr)
			}
			test(t, backend)
		})
	}
}
