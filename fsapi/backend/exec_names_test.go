package backend

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNames(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	failing := func(want error, op Op) {
		t.Helper()
		Execute(&op)
		require.ErrorIs(t, op.Err, want)
	}
	do(t, &Op{Kind: OpMkdir, Path: at("d"), Mode: 0o700})
	failing(fs.ErrExist, Op{Kind: OpMkdir, Path: at("d")})
	failing(fs.ErrNotExist, Op{Kind: OpMkdir, Path: at("x/y")})

	require.NoError(t, os.WriteFile(at("b"), []byte("b"), 0o600))
	do(t, &Op{Kind: OpLink, Path: at("b"), NewPath: at("a")})
	requireContent(t, "b", at("a"))
	failing(fs.ErrExist, Op{Kind: OpLink, Path: at("a"), NewPath: at("b")})
	failing(fs.ErrNotExist, Op{Kind: OpLink, Path: at("x"), NewPath: at("y")})

	entries := do(t, &Op{Kind: OpReadDir, Path: dir}).Entries
	require.Len(t, entries, 3)
	require.Equal(t, []string{"a", "b", "d"}, []string{entries[0].Name(), entries[1].Name(), entries[2].Name()})
	require.True(t, entries[2].IsDir())
	failing(fs.ErrNotExist, Op{Kind: OpReadDir, Path: at("x")})

	do(t, &Op{Kind: OpUnlink, Path: at("a")})
	failing(fs.ErrNotExist, Op{Kind: OpUnlink, Path: at("a")})
	for _, wrong := range []Op{{Kind: OpUnlink, Path: at("d")}, {Kind: OpUnlink, Path: at("b"), Directory: true}} {
		Execute(&wrong)
		require.Error(t, wrong.Err, "files and directories are not removed for each other")
	}
	require.DirExists(t, at("d"))
	require.FileExists(t, at("b"))

	require.NoError(t, os.WriteFile(at("d/f"), nil, 0o600))
	full := Op{Kind: OpUnlink, Path: at("d"), Directory: true}
	Execute(&full)
	require.Error(t, full.Err)
	do(t, &Op{Kind: OpUnlink, Path: at("d/f")})
	do(t, &Op{Kind: OpUnlink, Path: at("d"), Directory: true})
	require.NoDirExists(t, at("d"))
}

func TestRename(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for _, c := range []struct {
		name         string
		flag         RenameFlag
		before, want map[string]string
		err          error
	}{
		{"to nothing", 0, map[string]string{a: "A"}, map[string]string{b: "A"}, nil},
		{"replacing", 0, map[string]string{a: "A", b: "B"}, map[string]string{b: "A"}, nil},
		{"from nothing", 0, map[string]string{b: "B"}, map[string]string{b: "B"}, fs.ErrNotExist},
		{"not replacing", RenameNoReplace, map[string]string{a: "A"}, map[string]string{b: "A"}, nil},
		{"not replacing one", RenameNoReplace, map[string]string{a: "A", b: "B"}, map[string]string{a: "A", b: "B"}, fs.ErrExist},
		{"exchange", RenameExchange, map[string]string{a: "A", b: "B"}, map[string]string{a: "B", b: "A"}, nil},
		{"exchange with nothing", RenameExchange, map[string]string{a: "A"}, map[string]string{a: "A"}, fs.ErrNotExist},
	} {
		t.Run(c.name, func(t *testing.T) {
			os.Remove(a)
			os.Remove(b)
			for path, content := range c.before {
				require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
			}
			op := &Op{Kind: OpRename, Path: a, NewPath: b, Rename: c.flag}
			Execute(op)
			skipUnsupported(t, op.Err)
			require.ErrorIs(t, op.Err, c.err)
			for _, path := range []string{a, b} {
				if content, ok := c.want[path]; ok {
					requireContent(t, content, path)
				} else {
					require.NoFileExists(t, path)
				}
			}
		})
	}
}
