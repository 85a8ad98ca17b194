package ci

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// goPackage is what go list says about a package.
type goPackage struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// packages lists the module's packages as goos sees them.
func packages(t *testing.T, goos string) []goPackage {
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	var all []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else {
			require.NoError(t, err)
		}
		all = append(all, p)
	}
}

// under reports whether path is one of the trees or below one.
func under(path string, trees ...string) bool {
	return slices.ContainsFunc(trees, func(tree string) bool {
		return path == tree || strings.HasPrefix(path, tree+"/")
	})
}

const (
	backendPkg    = module + "/fsapi/backend"
	fsapiPkg      = module + "/fsapi"
	uringPkg      = module + "/uring"
	threadpoolPkg = module + "/threadpool"
	dboxfmtPkg    = module + "/dboxfmt"
	benchPkg      = module + "/bench"
	cmdPkg        = module + "/cmd"
	examplesPkg   = module + "/examples"

	testify = "github.com/stretchr/testify"
	xsys    = "golang.org/x/sys"
	ringABI = "github.com/iceber/iouring-go/syscall"
)

// rule says what the packages of a tree may import. What is allowed or
// forbidden is a tree as well.
type rule struct {
	tree     string
	alone    bool     // the rule is for the package tree only, not for those below
	inModule []string // of this module, the package's own tree included
	modules  []string // of other modules
	never    []string // wins over the others; also of the standard library
}

// rules go from the special to the general: the first that fits a package
// counts. Packages that no rule fits may import everything but the programs.
var rules = []rule{
	{tree: backendPkg, alone: true, modules: []string{xsys}},
	// What lives below the leaf is for engines, and knows only the leaf.
	{tree: backendPkg + "/backendtest", inModule: []string{backendPkg}, modules: []string{testify}},
	{tree: backendPkg, inModule: []string{backendPkg}},
	{tree: uringPkg, inModule: []string{backendPkg, uringPkg}, modules: []string{xsys, ringABI}},
	{tree: threadpoolPkg, inModule: []string{backendPkg, threadpoolPkg}, modules: []string{xsys}},
	{tree: fsapiPkg, inModule: []string{fsapiPkg, uringPkg, threadpoolPkg}, modules: []string{xsys}},
	// What the tests of both kinds of store share: it starts Dovecot.
	{tree: dboxfmtPkg + "/storetest", inModule: []string{dboxfmtPkg, fsapiPkg}, modules: []string{testify}, never: []string{backendPkg}},
	{tree: dboxfmtPkg, inModule: []string{dboxfmtPkg, fsapiPkg}, never: []string{"os", "syscall", backendPkg, dboxfmtPkg + "/storetest"}},
}

// violations returns what p imports against the rules.
func violations(p goPackage) (bad []string) {
	r := ruleOf(p.ImportPath)
	for _, imp := range p.Imports {
		switch {
		case under(imp, benchPkg, cmdPkg, examplesPkg) && !sameProgram(p.ImportPath, imp):
			bad = append(bad, imp+": nothing imports programs")
		case r == nil:
		case under(imp, r.never...):
			bad = append(bad, imp+": every byte goes through the FS API")
		case under(imp, module) && !under(imp, r.inModule...):
			bad = append(bad, imp+": not this package of the module")
		case !under(imp, module) && !isStandard(imp) && !under(imp, r.modules...):
			bad = append(bad, imp+": not this dependency")
		}
	}
	return bad
}

func ruleOf(path string) *rule {
	for i, r := range rules {
		if path == r.tree || !r.alone && under(path, r.tree) {
			return &rules[i]
		}
	}
	return nil
}

// sameProgram: the parts of one program may import each other.
func sameProgram(a, b string) bool {
	tree := func(path string) string {
		parts := strings.SplitN(strings.TrimPrefix(path, module+"/"), "/", 3)
		if parts[0] == "cmd" || parts[0] == "examples" {
			return strings.Join(parts[:min(2, len(parts))], "/")
		}
		return parts[0]
	}
	return tree(a) == tree(b)
}

func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

func TestImports(t *testing.T) {
	for _, goos := range []string{"linux", "darwin"} {
		t.Run(goos, func(t *testing.T) {
			all := packages(t, goos)
			require.NotEmpty(t, all)
			for _, p := range all {
				require.Empty(t, violations(p), p.ImportPath)
			}
		})
	}
}

// TestTestImports: tests may use more, but not look into programs, and the
// engines' tests know nothing above the leaf.
func TestTestImports(t *testing.T) {
	for _, p := range packages(t, "linux") {
		for _, imp := range slices.Concat(p.TestImports, p.XTestImports) {
			require.False(t, under(imp, benchPkg, cmdPkg, examplesPkg) && !sameProgram(p.ImportPath, imp),
				"a test of %s imports %s", p.ImportPath, imp)
			if under(p.ImportPath, uringPkg, threadpoolPkg, backendPkg) && under(imp, module) {
				require.True(t, under(imp, p.ImportPath, backendPkg), "a test of %s imports %s", p.ImportPath, imp)
			}
		}
	}
}

// TestViolations: the rules can be broken.
func TestViolations(t *testing.T) {
	for _, c := range []struct {
		from, imp string
		ok        bool
	}{
		{backendPkg, "os", true},
		{backendPkg, xsys + "/unix", true},
		{backendPkg, fsapiPkg, false},
		{backendPkg, backendPkg + "/fault", false},
		{backendPkg, testify + "/require", false},
		{backendPkg + "/backendtest", testify + "/require", true},
		{backendPkg + "/backendtest", uringPkg, false},
		{backendPkg + "/fault", backendPkg, true},
		{backendPkg + "/fault", fsapiPkg, false},
		{backendPkg + "/fault", testify + "/require", false},
		{dboxfmtPkg + "/storetest", "os", true},
		{dboxfmtPkg + "/storetest", testify + "/require", true},
		{dboxfmtPkg + "/storetest", benchPkg, false},
		{dboxfmtPkg + "/mdbox", dboxfmtPkg + "/storetest", false},
		{uringPkg, backendPkg, true},
		{uringPkg, ringABI, true},
		{uringPkg, "github.com/iceber/iouring-go", false},
		{uringPkg, fsapiPkg, false},
		{uringPkg, threadpoolPkg, false},
		{threadpoolPkg, ringABI, false},
		{threadpoolPkg, uringPkg, false},
		{fsapiPkg, uringPkg, true},
		{fsapiPkg, threadpoolPkg, true},
		{fsapiPkg, backendPkg, true},
		{fsapiPkg, dboxfmtPkg, false},
		{fsapiPkg, "github.com/spf13/cobra", false},
		{dboxfmtPkg + "/mdbox", fsapiPkg, true},
		{dboxfmtPkg + "/mdbox", dboxfmtPkg, true},
		{dboxfmtPkg + "/mdbox", backendPkg + "/fault", false},
		{dboxfmtPkg, uringPkg, false},
		{dboxfmtPkg, "os", false},
		{dboxfmtPkg, "os/exec", false},
		{dboxfmtPkg, "syscall", false},
		{dboxfmtPkg, xsys + "/unix", false},
		{dboxfmtPkg, "io/fs", true},
		{dboxfmtPkg, benchPkg, false},
		{benchPkg, "github.com/spf13/cobra", true},
		{benchPkg, benchPkg + "/report", true},
		{cmdPkg + "/dbox", benchPkg, false},
		{cmdPkg + "/dbox", cmdPkg + "/dbox/render", true},
		{cmdPkg + "/dbox", cmdPkg + "/other", false},
	} {
		bad := violations(goPackage{ImportPath: c.from, Imports: []string{c.imp}})
		require.Equal(t, c.ok, len(bad) == 0, "%s imports %s: %v", c.from, c.imp, bad)
	}
}
