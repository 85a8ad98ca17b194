package ci

import (
	"bytes"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// projectFiles returns the files that git knows or would take, relative to the
// root; in a copy without git, all files.
func projectFiles(t *testing.T) (files []string) {
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	if out, err := cmd.Output(); err == nil {
		for name := range strings.SplitSeq(strings.Trim(string(out), "\x00"), "\x00") {
			if _, err := os.Stat(filepath.Join(root, name)); err == nil { // not one that was deleted
				files = append(files, name)
			}
		}
	} else {
		require.NoError(t, filepath.WalkDir(root, func(name string, e os.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() {
				name, err = filepath.Rel(root, name)
				files = append(files, filepath.ToSlash(name))
			}
			return err
		}))
	}
	require.Contains(t, files, "go.mod")
	return files
}

var (
	inlineLink    = regexp.MustCompile(`\]\(\s*<?([^)\s>]+)>?[^)]*\)`)
	referenceLink = regexp.MustCompile(`(?m)^\s{0,3}\[[^\]]+\]:\s+<?([^\s>]+)`)
	codeBlock     = regexp.MustCompile("(?ms)^\\s*```.*?^\\s*```|`[^`\n]*`")
	elsewhere     = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*:`)
)

// links returns the files that a Markdown text links to.
func links(text string) (targets []string) {
	text = codeBlock.ReplaceAllString(text, "")
	for _, pattern := range []*regexp.Regexp{inlineLink, referenceLink} {
		for _, m := range pattern.FindAllStringSubmatch(text, -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target != "" && !elsewhere.MatchString(target) {
				targets = append(targets, target)
			}
		}
	}
	return targets
}

// TestLinks: files that the documentation links to exist, within the project.
func TestLinks(t *testing.T) {
	for _, name := range projectFiles(t) {
		if !strings.HasSuffix(name, ".md") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		for _, target := range links(string(text)) {
			to := path.Join(path.Dir(name), target)
			require.True(t, filepath.IsLocal(to), "%s links to %s, outside the project", name, target)
			_, err := os.Stat(filepath.Join(root, to))
			require.NoError(t, err, "%s links to %s", name, target)
		}
	}
}

func TestLinkPatterns(t *testing.T) {
	text := "[a](x.md) [b](y.md#part \"title\") ![c](<img.png>) [d](https://example.com/z.md) [e](#part)\n" +
		"[ref]: other.md\n`[code](no.md)`\n```\n[block](no.md)\n```\n[mail](mailto:a@example.com) [f](dir/)\n"
	require.ElementsMatch(t, []string{"x.md", "y.md", "img.png", "dir/", "other.md"}, links(text))
}

// machinePaths are directories of machines that this project was worked on.
// They are put together here so that this file does not mention them.
var machinePaths = [][]byte{[]byte("/wo" + "rk/"), []byte("/ro" + "ot/"), []byte("/fa" + "rm/")}

// machinePath returns the first path of a machine that text mentions.
func machinePath(text []byte) string {
	for _, p := range machinePaths {
		for at := 0; ; {
			i := bytes.Index(text[at:], p)
			if i < 0 {
				break
			}
			if i += at; i == 0 || !isPathByte(text[i-1]) { // the whole first element, not the end of another
				return string(text[i:min(len(text), i+30)])
			}
			at = i + 1
		}
	}
	return ""
}

func isPathByte(c byte) bool {
	return c == '_' || c == '-' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// TestNoMachinePaths: nothing depends on where it was written.
func TestNoMachinePaths(t *testing.T) {
	for _, name := range projectFiles(t) {
		text, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		require.Empty(t, machinePath(text), "%s mentions a path of a machine", name)
	}
}

func TestMachinePaths(t *testing.T) {
	for text, found := range map[string]bool{
		"see /wo" + "rk/main":          true,
		"/ro" + "ot/.config":           true,
		"x /fa" + "rm/y":               true,
		"framework/" + "x":             false,
		"a/home" + "wo" + "rk/b":       false,
		"https://example.com/" + "abc": false,
		"mail" + "/wo" + "rk/":         false,
		"net" + "wo" + "rk/":           false,
	} {
		require.Equal(t, found, machinePath([]byte(text)) != "", text)
	}
}
