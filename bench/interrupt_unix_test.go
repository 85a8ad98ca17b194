//go:build unix

package main

import (
	"bufio"
	"context"
	"os"
	osexec "os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The test binary is the program when this is set.
const asProgram = "RINGBOX_BENCH_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// A signal in the middle of the work ends the program, and nothing is left.
func TestSignalLeavesNothing(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		dir := t.TempDir()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := osexec.CommandContext(ctx, os.Args[0], "--mail", writeMail(t, 10, 20), "--dir", dir, "--rounds", "1000000", "--sync", "never")
		cmd.Env = append(os.Environ(), asProgram+"=1")
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		var errs strings.Builder
		cmd.Stderr = &errs
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for lines.Scan() && !strings.HasPrefix(lines.Text(), "job ") {
		}
		require.NoError(t, cmd.Process.Signal(sig))
		said := ""
		for lines.Scan() {
			said += lines.Text() + "\n"
		}
		require.Error(t, cmd.Wait())
		require.Contains(t, said, "Interrupted")
		require.Equal(t, 1, cmd.ProcessState.ExitCode(), errs.String())
		require.Contains(t, errs.String(), "canceled")
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, left)
	}
}

// The same for jobs: on our engines, on fio, and with a Dovecot running.
func TestSignalEndsJobs(t *testing.T) {
	for _, job := range [][]string{
		{"--rw=randrw", "--size=1m", "--time_based", "--runtime=300", "--ioengine=sync"},
		{"--rw=randrw", "--size=1m", "--time_based", "--runtime=300", "--ioengine=uring"},
		{"--rw=read", "--size=1m", "--time_based", "--runtime=300", "--ioengine=fio:psync"},
		{"--workload=mail-deliver", "--ioengine=dovecot:sdbox", "--rounds=1000"},
	} {
		dir, temp := t.TempDir(), t.TempDir()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := osexec.CommandContext(ctx, os.Args[0], append(job, "--name=j", "--directory="+dir, "--eta=always")...)
		cmd.Env = append(os.Environ(), asProgram+"=1", "TMPDIR="+temp)
		cmd.Dir = dir
		var out strings.Builder
		cmd.Stdout = &out
		progress, err := cmd.StderrPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		var said strings.Builder
		for buf := make([]byte, 1000); ; {
			n, err := progress.Read(buf)
			said.Write(buf[:n])
			if err != nil {
				break
			}
			if strings.Contains(said.String(), "round 1 of") {
				require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
			}
		}
		require.Error(t, cmd.Wait())
		require.Equal(t, 1, cmd.ProcessState.ExitCode(), said.String())
		if strings.Contains(said.String(), "no engine works") {
			t.Logf("SKIPPED: %s", said.String())
		} else if out.Len() > 0 { // it may have been too early
			require.Contains(t, out.String(), "what was measured until then", job)
		}
		for _, d := range []string{dir, temp} {
			left, err := os.ReadDir(d)
			require.NoError(t, err)
			require.Empty(t, left, job)
		}
	}
}
