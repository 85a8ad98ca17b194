package fsapi

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/uring"
)

const (
	smallFiles = 256
	smallSize  = 8 << 10
)

// readers read small files, all of them, in a batch.
var readers = map[string]func(t *testing.T, fs *FS, paths []string){
	"ReadFiles": func(t *testing.T, fs *FS, paths []string) {
		n := 0
		require.NoError(t, fs.ReadFiles(patient(t), paths, func(_ int, data []byte, err error) {
			require.NoError(t, err)
			require.Len(t, data, smallSize)
			n++
		}))
		require.Equal(t, len(paths), n)
	},
	"Batch of Pread": func(t *testing.T, fs *FS, paths []string) {
		files := make([]*File, len(paths))
		p := make([]byte, smallSize)
		fs.Batch(func() {
			for i, path := range paths {
				files[i] = fs.Open(path, ReadOnly)
				files[i].Pread(p, 0)
			}
		})
		for _, f := range files {
			n, err := preadWait(patient(t), f, p, 0)
			require.NoError(t, err)
			require.Equal(t, smallSize, n)
		}
		fs.Batch(func() {
			for _, f := range files {
				require.NoError(t, f.Close())
			}
		})
	},
}

func smallMails(t *testing.T, n int) (paths []string) {
	dir := t.TempDir()
	for i := range n {
		paths = append(paths, filepath.Join(dir, strconv.Itoa(i)))
		put(t, paths[i], large[:smallSize])
	}
	return paths
}

// ringFS is a file system on a ring whose counters can be read.
func ringFS(t *testing.T) (*FS, *uring.Engine) {
	e, err := uring.New(uring.Options{Rings: 1})
	if err != nil {
		t.Skipf("SKIPPED, NOTHING IS TESTED: no io_uring here: %v", err)
	}
	return openFS(t, e, Options{}), e
}

// TestEntersOfABatch: 32 small files that are queued go through the kernel in
// at most three calls: one opens, one reads, one closes.
func TestEntersOfABatch(t *testing.T) {
	paths := smallMails(t, 32)
	fs, e := ringFS(t)
	defer closeFS(t, fs)
	readers["ReadFiles"](t, fs, paths) // from here on they are cached
	before := e.Stats()
	readers["ReadFiles"](t, fs, paths)
	after := e.Stats()
	require.LessOrEqual(t, after.Enters-before.Enters, uint64(3))
	require.GreaterOrEqual(t, after.Completed-before.Completed, uint64(3*32))
}

// TestStrace sees the same from outside: what the kernel says about how many
// entries each io_uring_enter has brought.
func TestStrace(t *testing.T) {
	for name, read := range readers {
		t.Run(name, func(t *testing.T) {
			if isChild(t) {
				fs, _ := ringFS(t)
				read(t, fs, smallMails(t, smallFiles))
				closeFS(t, fs)
				return
			}
			strace, err := exec.LookPath("strace")
			if err != nil {
				t.Skipf("SKIPPED, NOTHING IS TESTED: %v", err)
			}
			if out, err := exec.Command(strace, "-f", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
				t.Skipf("SKIPPED, NOTHING IS TESTED: strace does not work here: %v: %s", err, out)
			}
			trace := filepath.Join(t.TempDir(), "trace")
			runChild(t, childCommand(t, strace, "-f", "-e", "trace=io_uring_enter", "-o", trace))
			calls, entries := countEnters(t, trace)
			t.Logf("%d io_uring_enter, %d entries", calls, entries)
			require.GreaterOrEqual(t, entries, 3*smallFiles, "open, read and close")
			require.GreaterOrEqual(t, 3*smallFiles, 8*calls, "at least 8 operations for each call")
		})
	}
}

var entered = regexp.MustCompile(`io_uring_enter.* = (-?\d+)`)

// countEnters counts the calls in a trace, and the entries that they brought.
func countEnters(t *testing.T, trace string) (calls, entries int) {
	text, err := os.ReadFile(trace)
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if m := entered.FindStringSubmatch(line); m != nil {
			n, err := strconv.Atoi(m[1])
			require.NoError(t, err)
			calls++
			entries += max(n, 0)
		}
	}
	require.Positive(t, calls, fmt.Sprintf("nothing in the trace: %.300s", text))
	return calls, entries
}
