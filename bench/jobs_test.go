package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/bench/fio"
)

// call runs the program in a directory that is empty afterwards, but for the
// files that the call names.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	var out, errs bytes.Buffer
	code = execute(args, &out, &errs)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range left {
		require.Contains(t, strings.Join(args, " "), e.Name(), "leftover")
	}
	return code, out.String(), errs.String()
}

func TestJobsOnTheCommandLine(t *testing.T) {
	code, out, errs := call(t, "--name=a", "--rw=randread", "--bs", "4k", "--size=64k", "--thread", "--ioengine=sync", "--name=b", "--rw=write", "--size=64k", "--ioengine=sync")
	require.Zero(t, code, errs)
	require.Contains(t, out, "\na: (groupid=0")
	require.Contains(t, out, "\nb: (groupid=0")
	require.NotContains(t, out, "ratio")
}

func TestJobFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.fio")
	require.NoError(t, os.WriteFile(file, []byte("[a]\nsize=10g\nioengine=libaio\n[b]\nsize=10g\n"), 0o600))
	code, out, errs := call(t, file, "--section=a", "--size=64k", "--ioengine=sync,threadpool", "--rounds=2", "--baseline=sync",
		"--output=o.json", "--output-format=json+,terse,gobench", "--eta=always", "--seed=4")
	require.Zero(t, code, errs)
	require.Empty(t, out)
	require.Contains(t, errs, "round", "the progress line")
	code, out, errs = call(t, file, "--parse-only")
	require.Zero(t, code, errs)
	require.Empty(t, out)
}

func TestJobMistakes(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.fio")
	require.NoError(t, os.WriteFile(bad, []byte("[a]\nsize=64k\nbs=4q\n"), 0o600))
	empty := filepath.Join(t.TempDir(), "empty.json")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{2, "bad.fio:3: bs: ", []string{bad}},
		{2, "missing.fio", []string{"missing.fio"}},
		{2, "frobnicate: unknown option", []string{"--name=a", "--size=64k", "--frobnicate=1"}},
		{2, "zonemode: fio has this option", []string{"--name=a", "--zonemode=zbd"}},
		{2, "direct: only direct=0", []string{"--name=a", "--size=64k", "--direct=1"}},
		{2, "size is missing", []string{"--name=a", "--rw=read"}},
		{2, "no job", []string{"--rw=read", "--size=1m"}},
		{2, "rounds", []string{"--name=a", "--size=64k", "--rounds=0"}},
		{2, "seed", []string{"--name=a", "--size=64k", "--seed=x"}},
		{2, "eta", []string{"--name=a", "--size=64k", "--eta=soon"}},
		{2, "output-format", []string{"--name=a", "--size=64k", "--output-format=xml"}},
		{2, "no job \"z\"", []string{"--section=z", "--name=a", "--size=64k"}},
		{2, "two hyphens", []string{"--name=a", "-x"}},
		{2, "baseline", []string{"--name=a", "--size=64k", "--ioengine=sync", "--baseline=uring"}},
		{2, "size", []string{"--name=a", "--size=0"}},
		{2, "compare the same ones", []string{"--size=64k", "--name=a", "--ioengine=sync,uring", "--name=b", "--ioengine=sync"}},
		{2, "missing", []string{"--name=a", "--size=64k", "--filename=missing/x"}},
		{2, "is not a directory", []string{"--name=a", "--size=64k", "--directory=" + empty}},
		{2, "stat /nowhere", []string{"--name=a", "--workload=mail-fetch", "--mail=/nowhere"}},
		{2, "stat /nowhere", []string{"--name=a", "--workload=mail-fetch", "--directory=/nowhere"}},
		{2, "stat /nowhere", []string{"--name=a", "--size=64k", "--directory=/nowhere", "--ioengine=sync"}},
		{1, "missing/o", []string{"--name=a", "--size=64k", "--ioengine=sync", "--output=missing/o"}},
		{2, "no JSON file", []string{"report"}},
		{1, "empty.json: no JSON", []string{"report", empty}},
		{2, "--frob", []string{"report", "--frob"}},
	} {
		code, _, errs := call(t, c.args...)
		require.Equal(t, c.code, code, "%v: %s", c.args, errs)
		require.Contains(t, errs, c.says, c.args)
		require.Equal(t, 1, strings.Count(errs, "\n"), "one line: %s", errs)
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"run", "--help"}, {"--name=a", "-h"}} {
		code, out, _ := call(t, args...)
		require.Zero(t, code)
		require.Contains(t, out, "iodepth_batch")
		require.Contains(t, out, "--baseline")
	}
}

func TestReportCommand(t *testing.T) {
	dir := t.TempDir()
	results := filepath.Join(dir, "r.json")
	code, _, errs := call(t, "--name=a", "--size=64k", "--ioengine=sync,threadpool", "--rounds=1", "--output-format=json", "--output="+results)
	require.Zero(t, code, errs)
	text, err := os.ReadFile(results)
	require.NoError(t, err)
	var r fio.Report
	require.NoError(t, json.Unmarshal(text, &r))
	page := filepath.Join(dir, "page.html")
	code, out, errs := call(t, "report", results, "-o", page)
	require.Zero(t, code, errs)
	for _, f := range strings.Fields(out) {
		require.FileExists(t, f)
	}
	require.Contains(t, out, page)
}

// Which of the two ways of calling is meant.
func TestIsJob(t *testing.T) {
	for args, want := range map[string]bool{
		"": false, "--rounds 2": false, "--mail DIR": false, "--sync never": false, "extra": false, "report x.json": false, "run x": false,
		"x.fio": true, "--name=a": true, "--bs=4k": true, "--rounds=2 x.fio": true, "--size 1m --name a": true, "--mail x.fio": false,
	} {
		require.Equal(t, want, isJob(strings.Fields(args)), args)
	}
}

// Job files of fio's own run as they are; the command line makes them small.
func TestExamplesOfFio(t *testing.T) {
	const dir = "/usr/share/doc/fio/examples/"
	for _, name := range []string{"fio-rand-read", "fio-rand-write", "fio-rand-RW", "fio-seq-RW", "fio-seq-write", "backwards-read"} {
		file := dir + name + ".fio"
		if _, err := os.Stat(file); err != nil {
			t.Skip("SKIPPED: fio's examples are not installed (Debian: fio-examples): none was run")
		}
		code, out, errs := call(t, file, "--parse-only")
		require.Zero(t, code, errs)
		require.Empty(t, out)
		code, out, errs = call(t, file, "--size=1m", "--runtime=100ms", "--ioengine=uring,threadpool,sync", "--rounds=1", "--output-format=terse")
		require.Zero(t, code, errs)
		require.Contains(t, out, " on sync;")
	}
}
