package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/bench/job"
	"github.com/ringbox/ringbox/bench/report"
)

// tiny are the options that make a target's job small.
func tiny(t *testing.T, name string) (options []string) {
	t.Helper()
	specs, err := job.ParseFile(filepath.Join("targets", name+".fio"))
	require.NoError(t, err)
	require.Greater(t, len(specs[0].Engines), 1, "something to compare with")
	values := []string{"size=1m", "runtime=30ms"}
	if specs[0].Workload != "" {
		values = []string{"nrfiles=12"}
	}
	for _, v := range values {
		options = append(options, "--option="+v)
	}
	return options
}

// Every target's job runs on all its engines that are here.
func TestTargets(t *testing.T) {
	dir, err := os.MkdirTemp("", "ringbox-test-") // Dovecot's user has to get through
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o755))
	for _, name := range targetNames() {
		t.Run(name, func(t *testing.T) {
			results := t.TempDir()
			work := filepath.Join(dir, name)
			require.NoError(t, os.Mkdir(work, 0o755))
			args := append([]string{"targets", name, "--rounds=1", "--directory=" + work, "--output=" + results}, tiny(t, name)...)
			code, out, errs := call(t, args...)
			require.Zero(t, code, "%s %s", out, errs)
			require.True(t, strings.HasPrefix(out, name+"\n"), out)
			require.FileExists(t, filepath.Join(results, name+".txt"))
			text, err := os.ReadFile(filepath.Join(results, name+".json"))
			require.NoError(t, err)
			var d report.Document
			require.NoError(t, json.Unmarshal(text, &d))
			for _, s := range d.Ringbox.Skipped {
				t.Log("SKIPPED: ", s)
			}
			table, err := os.ReadFile(filepath.Join(results, "table.md"))
			require.NoError(t, err)
			require.Equal(t, 2+len(d.Ringbox.Pairs), strings.Count(string(table), "\n"))
			for _, p := range d.Ringbox.Pairs {
				require.Positive(t, p.Rate.Median, "%s on %s", p.Job, p.Against)
				require.Contains(t, out, p.Against)
			}
			left, err := os.ReadDir(work)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

func TestTargetMistakes(t *testing.T) {
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{2, `there is no job "nonsense"`, []string{"targets", "nonsense"}},
		{2, "--rounds 0", []string{"targets", "append", "--rounds=0"}},
		{1, "failed: append", []string{"targets", "append", "--output=o", "--directory=/nowhere"}},
		{1, "failed: append", []string{"targets", "append", "--output=o", "--option=bs=4q"}},
	} {
		code, _, errs := call(t, c.args...)
		require.Equal(t, c.code, code, errs)
		require.Contains(t, errs, c.says)
		require.Equal(t, 1, strings.Count(errs, "\n"), errs)
	}
}
