package fsapi

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestIdle: a file system that has nothing to do does nothing, on either
// engine: over a second, its process uses no processor and is not woken.
func TestIdle(t *testing.T) {
	for _, kind := range []BackendKind{best(), ThreadPool} {
		t.Run(string(kind), func(t *testing.T) {
			if isChild(t) {
				idle(t, kind)
				return
			}
			cmd := childCommand(t)
			in, err := cmd.StdinPipe()
			require.NoError(t, err)
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			lines := bufio.NewScanner(out)
			for lines.Scan() && lines.Text() != "idle" {
			}
			before := useOf(t, cmd.Process.Pid)
			time.Sleep(time.Second) // what is measured is the use in it
			after := useOf(t, cmd.Process.Pid)
			require.NoError(t, in.Close())
			rest, _ := io.ReadAll(out)
			require.NoError(t, cmd.Wait(), "%s", rest)
			require.LessOrEqual(t, after.ticks-before.ticks, 1, "clock ticks")
			// The race detector's own thread wakes ten times a second.
			require.LessOrEqual(t, after.switches-before.switches, 100, "wake-ups")
		})
	}
}

// idle is the child: it works, says so, and stays until its input ends.
func idle(t *testing.T, kind BackendKind) {
	fs, _ := newLogged(t, Options{Backend: kind})
	requireWorks(t, fs, ".")
	f := fs.Open("works", ReadOnly) // an open handle costs nothing either
	_, err := io.CopyN(io.Discard, NewReader(patient(t), f), 1000)
	require.NoError(t, err)
	fmt.Println("idle")
	io.Copy(io.Discard, os.Stdin)
	require.NoError(t, f.Close())
	closeFS(t, fs)
}

// use is what a process has used so far.
type use struct {
	ticks    int // of processor time
	switches int // times that one of its threads went to sleep
}

func useOf(t *testing.T, pid int) (u use) {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(t, err)
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	for _, f := range fields[11:13] { // utime, stime: the 14th and 15th of all
		n, err := strconv.Atoi(f)
		require.NoError(t, err)
		u.ticks += n
	}
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	require.NoError(t, err)
	require.NotEmpty(t, threads)
	for _, thread := range threads {
		status, err := os.ReadFile(thread)
		if err != nil {
			continue // it has ended
		}
		_, count, ok := strings.Cut(string(status), "\nvoluntary_ctxt_switches:\t")
		require.True(t, ok)
		n, err := strconv.Atoi(strings.Fields(count)[0])
		require.NoError(t, err)
		u.switches += n
	}
	return u
}
