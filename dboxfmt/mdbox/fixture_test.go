package mdbox

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/dboxfmt/storetest"
)

// fixture opens a copy of a store under testdata, which Dovecot has written.
func fixture(t *testing.T, path ...string) *store {
	from := filepath.Join(append([]string{"testdata"}, path...)...)
	root := filepath.Join(t.TempDir(), "mdbox")
	require.NoError(t, os.CopyFS(root, os.DirFS(from)))
	alt := ""
	if other := filepath.Join(filepath.Dir(from), "alt"); path[0] == "healthy" && exists(other) {
		alt = filepath.Join(filepath.Dir(root), "alt")
		require.NoError(t, os.CopyFS(alt, os.DirFS(other)))
	}
	return newStore(t, Options{Root: root, Alt: alt, Version: 2, Logger: quiet})
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Healthy stores: all that Dovecot says about them.
func TestHealthyFixtures(t *testing.T) {
	for _, name := range []string{"small", "indexed", "alt", "zlib", "attach"} {
		t.Run(name, func(t *testing.T) {
			x := fixture(t, "healthy", name, "mdbox")
			var expected struct {
				Mails []map[string]any `json:"mails_by_doveadm_fetch"`
			}
			data, err := os.ReadFile(filepath.Join("testdata/healthy", name, "expected.json"))
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(data, &expected))
			var want, got []string
			for _, m := range expected.Mails {
				uid, err := strconv.Atoi(m["uid"].(string))
				require.NoError(t, err)
				box := strings.Replace(m["mailbox"].(string), "Ã¼", "ü", 1) // the file has it encoded twice
				var flags []string
				for _, f := range m["flags"].([]any) {
					flags = append(flags, f.(string))
				}
				want = append(want, fmt.Sprintf("%s %06d [%s] %s refs %v size %v/%v received %v saved %v %s", box, uid, storetest.SortedFlags(flags), m["guid"],
					m["refcount"], m["size.physical"], m["size.virtual"], m["date.received.unixtime"], m["date.saved.unixtime"], m["text_sha1_lf"]))
			}
			for _, line := range x.state() {
				if !strings.Contains(line, " refs ") {
					continue
				}
				head, quoted, _ := strings.Cut(line, ` pop3 "" "" `)
				text, err := strconv.Unquote(quoted)
				require.NoError(t, err)
				sum := sha1.Sum([]byte(text))
				got = append(got, head+" "+hex.EncodeToString(sum[:]))
			}
			if name == "zlib" || name == "attach" {
				// What is stored is not the text.
				want, got = withoutLast(want), withoutLast(got)
			}
			slices.Sort(want)
			slices.Sort(got)
			require.Equal(t, want, got)
		})
	}
}

func withoutLast(lines []string) (short []string) {
	for _, line := range lines {
		short = append(short, line[:strings.LastIndexByte(line, ' ')])
	}
	return short
}

// subjects are the messages of the store: mailbox, uid, subject, flags, and the
// size if it is not that of an undamaged message of the fixtures.
func (x *store) subjects() (list []string) {
	boxes, err := x.Mailboxes(ctx)
	require.NoError(x.t, err)
	for _, info := range boxes {
		if !info.Selectable {
			continue
		}
		for m, err := range x.box(info.Name).Fetch(ctx, nil, mailstore.FetchOptions{Verify: true}) {
			require.NoError(x.t, err)
			body, err := m.Body(ctx)
			require.NoError(x.t, err)
			text, err := io.ReadAll(body)
			require.NoError(x.t, err)
			line := fmt.Sprintf("%s %d %s", info.Name, m.UID, subject(string(text)))
			if flags := storetest.SortedFlags(append(strings.Fields(m.Flags.String()), m.Keywords...)); flags != "" {
				line += " " + flags
			}
			if len(text) != 146 {
				line += fmt.Sprintf(" (%d)", len(text))
			}
			list = append(list, line)
		}
	}
	return list
}

func subject(text string) string {
	_, rest, _ := strings.Cut(text, "Subject: ")
	line, _, _ := strings.Cut(rest, "\n")
	return line
}

var three = []string{"INBOX 1 msg 1", "INBOX 2 msg 2", "INBOX 3 msg 3"}

// rebuilt is what a rebuild makes of a fixture. What is not in the table are
// three messages as they were.
var rebuilt = map[string][]string{
	"corrupt/c01-trunc-body":                  {"INBOX 1 msg 1", "INBOX 2 msg 2", "INBOX 3 msg 3 (100)"},
	"corrupt/c03-trunc-hdr":                   {"INBOX 1 msg 1", "INBOX 2 msg 2"},
	"corrupt/c13-garbage300-lf":               append(three[:3:3], "INBOX 4  (300)"),
	"corrupt/c17-empty-file":                  nil,
	"corrupt/c21-fakepost-body-goodsize":      {"INBOX 1 msg 1", "INBOX 2 msg 2 (159)", "INBOX 3 msg 3"},
	"corrupt/c22-fakepre-body-badsize":        {"INBOX 1 msg 1", "INBOX 2 msg 2 (179)", "INBOX 3 msg 3"},
	"corrupt/c25-lf01-body-goodsize-zerotail": {"INBOX 1 msg 1", "INBOX 2 msg 2 (147)", "INBOX 3 msg 3"},
	"corrupt/c28-dupguid-diffsize":            {"INBOX 1 msg 1", "INBOX 2 msg 2 (143)", "INBOX 3 msg 3"},
	"corrupt/c35-extra-unmapped-msg":          append(three[:3:3], "Newbox 1 msg 3"),

	"crash/A-partial-tail-then-save":          {"INBOX 1 msg 1", "INBOX 2 msg 2"},
	"crash/B-orphan-tail-then-save":           {"INBOX 1 msg 1", "INBOX 2 msg 2", "INBOX 3 orpha"},
	"crash/B2-orphan-then-save-expunge-purge": {"INBOX 1 msg 1", "INBOX 2 msg 2", "INBOX 3 orpha"},
	"crash/C-zero-header-tail-then-save":      {"INBOX 1 msg 1", "INBOX 2 msg 2"},
	"crash/D-next-file-exists-then-save":      {"INBOX 1 msg 1"},
	"crash/E-file-removed-then-save-fetch":    nil,

	"rebuild/ok":                    {"Archive 1 msg 4", "Archive 2 msg 1", "INBOX 1 msg 1", `INBOX 2 msg 2 $kw1 \Seen`},
	"rebuild/map-index-deleted":     {"Archive 1 msg 4", "Archive 2 msg 1", "INBOX 1 msg 1", `INBOX 2 msg 2 $kw1 \Seen`},
	"rebuild/archive-dir-deleted":   {"Archive 1 msg 4", "INBOX 1 msg 1", `INBOX 2 msg 2 $kw1 \Seen`},
	"rebuild/mailbox-index-deleted": {"Archive 1 msg 4", "Archive 2 msg 1", "INBOX 1 msg 1", "INBOX 2 msg 2"},
	"rebuild/mailboxes-deleted":     {"Archive 1 msg 4", "INBOX 1 msg 1", "INBOX 2 msg 2"},
	"rebuild/all-indexes-deleted":   {"Archive 1 msg 4", "INBOX 1 msg 1", "INBOX 2 msg 2", "INBOX 3 msg 3"},
	"rebuild/m-file-deleted":        nil,
}

// resurrected are messages that Dovecot's rebuild brings back and ours does not:
// msg 3 is expunged, the log says so; the others are what a save has left that
// was not finished.
var resurrected = map[string]string{
	"rebuild/map-index-deleted":          "INBOX msg 3",
	"crash/C-zero-header-tail-then-save": "INBOX msg 1",
}

// Damaged stores: what a rebuild keeps is in the table, and never less than what
// Dovecot's rebuild has kept.
func TestRebuildFixtures(t *testing.T) {
	cases, err := filepath.Glob("testdata/*/*/result.txt")
	require.NoError(t, err)
	require.NotEmpty(t, cases)
	for _, path := range cases {
		dir := filepath.Dir(path)
		name, err := filepath.Rel("testdata", dir)
		require.NoError(t, err)
		t.Run(filepath.ToSlash(name), func(t *testing.T) {
			x := fixture(t, name, "store")
			_, err := x.Rebuild(ctx)
			require.NoError(t, err)
			want, special := rebuilt[filepath.ToSlash(name)]
			if !special {
				want = three
			}
			got := x.subjects()
			require.Equal(t, want, got)
			result, err := os.ReadFile(path)
			require.NoError(t, err)
			for _, kept := range keptByDovecot(string(result)) {
				// msg 3 of the crashes was saved after them.
				if kept != resurrected[filepath.ToSlash(name)] && !(strings.HasPrefix(name, "crash") && strings.HasSuffix(kept, "msg 3")) {
					require.Contains(t, withoutUIDs(got), kept, "Dovecot has kept it")
				}
			}
			again, err := x.Rebuild(ctx)
			require.NoError(t, err)
			require.Zero(t, again.Added+again.Dropped+again.Repaired, "a second rebuild: %v", again.Notes)
			require.Equal(t, want, x.subjects())
		})
	}
}

var (
	fetchedLine = regexp.MustCompile(`(?m)^   (\S+) uid=\d+ .* subj='(msg \d)'`)
	rebuiltLine = regexp.MustCompile(`(?m)^   (\S+) \d+ [0-9a-f]{8} ref=\d+ (msg \d)`)
	crashedLine = regexp.MustCompile(`\('(\w+)', '\d+', '(\w+ ?\d?)'\)`)
)

// keptByDovecot reads the result of Dovecot's rebuild: mailbox and subject.
func keptByDovecot(result string) (list []string) {
	_, after, ok := strings.Cut(result, "\nafter:")
	if !ok {
		_, after, _ = strings.Cut(result, "\nfetch rc=")
	}
	for _, lines := range []*regexp.Regexp{fetchedLine, rebuiltLine, crashedLine} {
		for _, m := range lines.FindAllStringSubmatch(after, -1) {
			list = append(list, m[1]+" "+m[2])
		}
	}
	return list
}

func withoutUIDs(list []string) (short []string) {
	for _, line := range list {
		f := strings.Fields(line)
		short = append(short, strings.TrimSpace(f[0]+" "+strings.Join(f[2:min(len(f), 4)], " ")), f[0]+" "+f[min(2, len(f)-1)])
	}
	return short
}

// A save after each of these crashes works, without a rebuild.
func TestSaveAfterCrash(t *testing.T) {
	for _, name := range []string{"A-partial-tail-then-save", "B-orphan-tail-then-save", "C-zero-header-tail-then-save", "D-next-file-exists-then-save", "E-file-removed-then-save-fetch"} {
		t.Run(name, func(t *testing.T) {
			x := fixture(t, "crash", name, "store")
			b := x.box("INBOX")
			before, err := b.Status(ctx)
			require.NoError(t, err)
			require.Equal(t, []uint32{before.UIDNext}, save(t, b, mailstore.SaveOptions{}, "Subject: new\n\nhi\n"))
			for m, err := range b.Fetch(ctx, []uint32{before.UIDNext}, mailstore.FetchOptions{}) {
				require.NoError(t, err)
				require.EqualValues(t, 17, m.Size)
			}
			_, err = x.Rebuild(ctx)
			require.NoError(t, err)
			require.Contains(t, x.subjects(), fmt.Sprintf("INBOX %d new (17)", before.UIDNext))
		})
	}
}
