package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// golden are command lines whose output and exit code are kept in
// testdata/golden. TMP stands for a new directory.
var golden = map[string]string{
	"dump":                "dump testdata/files/m.1 testdata/files/m.2 testdata/files/m.3 testdata/files/u.1 testdata/files/u.2",
	"dump-json":           "dump --json testdata/files/m.3 testdata/files/u.2",
	"dump-damaged":        "dump testdata/damaged/m.1 testdata/damaged/m.5 testdata/damaged/m.12 testdata/damaged/m.16 testdata/damaged/u.2",
	"dump-damaged-json":   "dump --json testdata/damaged/m.12",
	"dump-missing":        "dump testdata/files/m.7",
	"dump-directory":      "dump testdata/files",
	"cat-single":          "cat --verify testdata/files/u.2",
	"cat-second":          "cat testdata/files/m.1 2",
	"cat-plain":           "cat --plain testdata/files/m.3 1",
	"cat-plain-external":  "cat --plain testdata/files/u.1",
	"cat-too-far":         "cat testdata/files/m.1 8",
	"cat-zero":            "cat testdata/files/m.1 0",
	"cat-damaged":         "cat testdata/damaged/m.12",
	"cat-damaged-one":     "cat testdata/damaged/m.1 3",
	"cat-damaged-verify":  "cat --verify testdata/damaged/m.1 3",
	"cat-past-damage":     "cat testdata/damaged/m.12 2",
	"verify":              "verify testdata/files",
	"verify-json":         "verify --json testdata/files",
	"verify-damaged":      "verify testdata/damaged testdata/files/m.1",
	"verify-damaged-json": "verify --json --jobs 1 testdata/damaged",
	"repair-dry":          "repair --dry-run testdata/damaged testdata/files",
	"repair-dry-json":     "repair --dry-run --json testdata/damaged/m.12 testdata/files/m.1",
	"repair-nothing":      "repair testdata/files",
	"repair-jobs":         "repair --jobs 2000 testdata/files",
	"verify-missing":      "verify testdata/nothing",
	"verify-jobs":         "verify --jobs 0 testdata/files",
	"convert-no-version":  "convert testdata/files TMP/out",
	"convert-exists":      "convert --to 2 testdata/files testdata/damaged",
	"convert-damaged":     "convert --to 3 testdata/damaged/m.12 TMP/out",
	"convert-nothing":     "convert --to 3 testdata/golden TMP/out",
	"import-dbox":         "import testdata/files/m.1 TMP/out",
	"import-unknown":      "import testdata/golden TMP/out",
	"import-bad-format":   "import mdbox:testdata/files TMP/out",
	"import-bad-version":  "import --version 1 mbox:x TMP/out",
	"export-to-dbox":      "export testdata/files/m.1 sdbox-files:TMP/out",
	"export-guess":        "export testdata/files/m.1 TMP/out",
	"export-ambiguous":    "export testdata/files mbox:TMP/out",
	"export-damaged":      "export mdbox-files:testdata/damaged eml:TMP/out",
	"export-external":     "export testdata/files/u.1 eml:TMP/out",
	"export-json":         "export --json testdata/files/m.2 mbox:TMP/out",
	"no-command":          "",
	"unknown-command":     "frobnicate",
	"unknown-flag":        "verify --frobnicate x",
	"no-argument":         "verify",
	"bad-backend":         "verify --backend steam testdata/files",
}

func TestGolden(t *testing.T) {
	for name, line := range golden {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			o := dbox(t, strings.Fields(strings.ReplaceAll(line, "TMP", dir))...)
			got := fmt.Sprintf("$ dbox %s\n%s--- stderr\n%s--- exit code %d\n", line, o.stdout, o.stderr, o.code)
			got = strings.ReplaceAll(got, dir, "TMP")
			path := filepath.Join("testdata", "golden", name)
			if *update {
				require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
			}
			require.Equal(t, readFile(t, path), got)
		})
	}
}
