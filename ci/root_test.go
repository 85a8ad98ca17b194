package ci

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/ringbox/ringbox"

// root is the top of the project.
const root = ".."

// topLevel is all that may be there. An entry that does not exist is no error.
var topLevel = []string{
	"go.mod", "go.sum", "README.md", "CHANGELOG.md", "LICENSE",
	"uring", "threadpool", "fsapi", "dboxfmt", "bench", "ci", "cmd", "examples",
	".ci", ".github", ".gitignore", ".git",
}

func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	require.NotEmpty(t, entries)
	for _, e := range entries {
		require.Contains(t, topLevel, e.Name(), "the top level holds nothing without a reason")
	}
}

// TestScripts: what continuous integration calls can be called.
func TestScripts(t *testing.T) {
	for _, name := range []string{".ci/run", "ci/test.sh"} {
		info, err := os.Stat(filepath.Join(root, name))
		require.NoError(t, err)
		require.NotZero(t, info.Mode().Perm()&0o111, "%s is not executable", name)
	}
}
