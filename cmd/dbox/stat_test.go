package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Where no index knows the virtual size, the files do.
func TestStatVirtualSize(t *testing.T) {
	for _, kind := range []string{"sdbox", "mdbox"} {
		dir := t.TempDir()
		writeFiles(t, dir, map[string]string{"a.eml": "Subject: a\n\nbody\n", "b.eml": "Subject: b\n\nbody"})
		store := kind + ":" + filepath.Join(dir, "store")
		ok(t, "import", filepath.Join(dir, "a.eml"), store)
		ok(t, "import", filepath.Join(dir, "b.eml"), store)
		require.Nil(t, objects[statusJSON](t, "stat", "--json", store)[0].VirtualSize)
		require.Equal(t, int64(20+18), *objects[statusJSON](t, "stat", "--json", "--vsize", store)[0].VirtualSize)
		lines := strings.Split(ok(t, "stat", store), "\n")
		require.Equal(t, "-", strings.Fields(lines[1])[6])
		lines = strings.Split(ok(t, "stat", "--vsize", store), "\n")
		require.Equal(t, "38", strings.Fields(lines[1])[6])
	}
}
