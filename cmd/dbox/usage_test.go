package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		require.Contains(t, ok(t, "completion", shell), "dbox", shell)
	}
	require.Contains(t, ok(t, "__complete", "ver"), "verify\t")
	require.Contains(t, ok(t, "__complete", "verify", "--backend", ""), "threadpool")
}

func TestVersion(t *testing.T) {
	require.Regexp(t, `^dbox \S+ go\S+ \S+/\S+\n$`, ok(t, "--version"))
}

// Every command explains itself, with examples whose flags exist.
func TestHelp(t *testing.T) {
	root := newRoot(&app{stdout: io.Discard, stderr: io.Discard})
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" || cmd.Name() == "help" {
			continue
		}
		require.NotEmpty(t, cmd.Long, cmd.Name())
		require.NotEmpty(t, cmd.Example, cmd.Name())
		for line := range strings.Lines(cmd.Example) {
			line, _, _ = strings.Cut(line, "|")
			line, _, _ = strings.Cut(line, "<")
			words := strings.Fields(line)
			require.Equal(t, []string{"dbox", cmd.Name()}, words[:2], line)
			sub, args, err := root.Find(words[1:])
			require.NoError(t, err, line)
			require.NoError(t, parses(sub, args), line)
		}
		for line := range strings.Lines(ok(t, cmd.Name(), "--help")) {
			require.LessOrEqual(t, len(line), 121, line)
		}
	}
}

func parses(cmd *cobra.Command, args []string) error {
	if err := cmd.ParseFlags(args); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 1023: "1023", 1024: "1024 (1.0 KiB)", 1536: "1536 (1.5 KiB)",
		10 << 20: "10485760 (10.0 MiB)", 1<<63 - 1: "9223372036854775807 (8.0 EiB)",
	} {
		require.Equal(t, want, size(n))
	}
	require.Equal(t, "1536 bytes (1.5 KiB)", byteCount(1536))
	require.Equal(t, "7 bytes", byteCount(7))
}

func TestSizeFlag(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "17": 17, "17B": 17, "2K": 2048, "2KiB": 2048, "10M": 10 << 20, "3GiB": 3 << 30, "1T": 1 << 40} {
		var s sizeFlag
		require.NoError(t, s.Set(text), text)
		require.EqualValues(t, want, s, text)
	}
	for _, text := range []string{"", "x", "-1", "1X", "M", "1MB", "1KK", "9223372036854775807T"} {
		require.Error(t, new(sizeFlag).Set(text), text)
	}
}

// Where nobody watches there is no progress bar.
func TestNoProgressWithoutTerminal(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, 100, "x")
	p.add(50)
	p.clear()
	p.done()
	require.Empty(t, out.String())
}
