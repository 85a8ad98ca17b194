package main

import (
	"bytes"
	"context"
	"errors"
	iofs "io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/bench/mail"
	"github.com/ringbox/ringbox/fsapi"
)

// exec runs the program and returns its exit code and what it printed. dir is
// empty afterwards, or the test fails.
func exec(t *testing.T, args ...string) (code int, stdout, stderr string) {
	dir := t.TempDir()
	var out, errs bytes.Buffer
	code = execute(append(args, "--dir", dir), &out, &errs)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left, "leftovers")
	return code, out.String(), errs.String()
}

func writeMail(t *testing.T, sizes ...int) string {
	dir := t.TempDir()
	for i, n := range sizes {
		data := bytes.Repeat([]byte("0123456789abcde\n"), n/16+1)[:n]
		require.NoError(t, os.WriteFile(filepath.Join(dir, string(rune('a'+i))), data, 0o600))
	}
	return dir
}

func TestTheMainJob(t *testing.T) {
	dir := writeMail(t, 0, 1, 100, 32<<10, 32<<10+1, 3<<20)
	for _, args := range [][]string{
		{"--mail", dir, "--rounds", "2"},
		{"--mail", dir, "--rounds", "1", "--in-flight", "1", "--sync", "never"},
		{"--mail", dir, "--count", "3", "--rounds", "1"},
		{"--mail", dir, "--rounds", "1", "--backend", "threadpool"},
		{"--mail", dir, "--rounds", "1", "--backend", "auto"},
	} {
		code, out, stderr := exec(t, args...)
		require.Zero(t, code, stderr)
		require.Contains(t, out, "Every byte that came back is the byte that was delivered.")
		for _, j := range jobs {
			require.Contains(t, out, j.name)
		}
	}
}

func TestMistakes(t *testing.T) {
	empty := t.TempDir()
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--nonsense"}, 2, "nonsense"},
		{[]string{"extra"}, 2, "extra"},
		{[]string{"--backend", "floppy"}, 2, "floppy"},
		{[]string{"--sync", "sometimes"}, 2, "sometimes"},
		{[]string{"--in-flight", "0"}, 2, "in-flight"},
		{[]string{"--count", "-1"}, 2, "count"},
		{[]string{"--rounds", "-1"}, 2, "rounds"},
		{[]string{"--mail", filepath.Join(empty, "missing")}, 2, "missing"},
		{[]string{"--mail", empty}, 1, "no mail in"},
	} {
		code, _, stderr := exec(t, c.args...)
		require.Equal(t, c.code, code, c.args)
		require.Contains(t, stderr, c.says)
		require.Equal(t, 1, strings.Count(stderr, "\n"), "one line: %s", stderr)
	}
}

// Each way of fetching notices one changed byte, a byte too few, a byte too
// many and a file that is missing, and names the file and the place.
func TestDifferencesAreFound(t *testing.T) {
	mails := []mail.Message{{Name: "first", Data: bytes.Repeat([]byte("x"), 100_000)}, {Name: "second", Data: []byte("short")}}
	damage := map[string]struct {
		do   func(path string) error
		says string
	}{
		"flip":      {func(p string) error { return patch(p, 70_000) }, "offset 70000"},
		"shorter":   {func(p string) error { return os.Truncate(p, 99_999) }, "99999"},
		"longer":    {func(p string) error { return os.WriteFile(p, bytes.Repeat([]byte("x"), 100_001), 0o600) }, "longer"},
		"not there": {os.Remove, ""},
	}
	for _, kind := range []fsapi.BackendKind{fsapi.URing, fsapi.ThreadPool} {
		for name, d := range damage {
			for _, job := range jobs[1:] {
				t.Run(string(kind)+"/"+name+"/"+job.name, func(t *testing.T) {
					fs, err := fsapi.New(fsapi.Options{Backend: kind})
					if err != nil {
						t.Skip(err)
					}
					defer fs.Close()
					tg := &target{fs: fs, dir: t.TempDir(), mails: mails, inFlight: 4}
					r := result{latency: newLatency()}
					require.NoError(t, tg.deliver(context.Background(), &r))
					require.NoError(t, job.work(tg, context.Background(), &result{latency: newLatency()}))
					require.NoError(t, d.do(tg.path(0)))
					err = job.work(tg, context.Background(), &result{latency: newLatency()})
					require.ErrorContains(t, err, tg.path(0))
					require.ErrorContains(t, err, d.says)
					require.Equal(t, name == "not there", errors.Is(err, iofs.ErrNotExist))
				})
			}
		}
	}
}

// A byte that changes between delivery and reading ends the program.
func TestADifferenceEndsTheProgram(t *testing.T) {
	whole := jobs
	t.Cleanup(func() { jobs = whole })
	damage := whole[0]
	damage.work = func(t *target, ctx context.Context, r *result) error {
		return errors.Join(whole[0].work(t, ctx, r), patch(t.path(1), 5))
	}
	jobs = slices.Clone(whole)
	jobs[0] = damage
	code, out, stderr := exec(t, "--mail", writeMail(t, 10, 20, 30), "--backend", "threadpool")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "u.2: offset 5: read 0x79, delivered 0x35")
	require.Equal(t, 1, strings.Count(stderr, "\n"), "one line: %s", stderr)
	require.NotContains(t, out, "Every byte")
}

func patch(path string, off int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte("y"), off)
	return errors.Join(err, f.Close())
}

func TestInterruptLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := t.TempDir()
	c := config{mail: writeMail(t, 10, 20), dir: dir, inFlight: 2, rounds: 1, backend: "threadpool", sync: "always"}
	require.ErrorIs(t, run(ctx, c, &bytes.Buffer{}), context.Canceled)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}
