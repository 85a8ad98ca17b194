package sdbox

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// damage is what happens to a mailbox before a rebuild. INBOX has messages 1 to
// 7: 1 and 2 have flags and keywords, 3 and 7 are expunged, 4 is in the
// alternate storage.
type damage struct {
	t    *testing.T
	x    *fixture
	dir  string // of INBOX
	file func(uid uint32, alt bool) string
}

func (d *damage) remove(names ...string) {
	for _, name := range names {
		require.NoError(d.t, os.Remove(filepath.Join(d.dir, name)))
	}
}

func (d *damage) read(path string) []byte {
	b, err := os.ReadFile(path)
	require.NoError(d.t, err)
	return b
}

func (d *damage) write(path string, b []byte) { require.NoError(d.t, os.WriteFile(path, b, 0o600)) }

func TestRebuild(t *testing.T) {
	healthy := []string{`1 "one" \Seen [k]`, `2 "two" \Flagged [l]`, `4 "four" alt`, `5 "five"`, `6 "six"`}
	without := func(lines ...int) (list []string) {
		for i, line := range healthy {
			if !slices.Contains(lines, i) {
				list = append(list, line)
			}
		}
		return list
	}
	for _, c := range []struct {
		name   string
		damage func(d *damage)
		want   []string
		report mailstore.RebuildReport
	}{
		{"nothing", func(d *damage) {}, healthy, mailstore.RebuildReport{}},
		{"the index", func(d *damage) {
			d.remove("dovecot.index.log", "dovecot.index", "dovecot.index.backup")
		}, []string{`1 "one"`, `2 "two"`, `4 "four" alt`, `5 "five"`, `6 "six"`}, mailstore.RebuildReport{Added: 5}},
		{"the log", func(d *damage) {
			d.remove("dovecot.index.log")
			d.write(filepath.Join(d.dir, "dovecot.index.log"), nil)
		}, healthy, mailstore.RebuildReport{}},
		{"the main index of which there is a backup", func(d *damage) {
			b := d.read(filepath.Join(d.dir, "dovecot.index"))
			b[0] = 99
			d.write(filepath.Join(d.dir, "dovecot.index"), b)
		}, healthy, mailstore.RebuildReport{}},
		{"the middle of the log", func(d *damage) {
			path := filepath.Join(d.dir, "dovecot.index.log")
			b := d.read(path)
			copy(b[len(b)/2&^3:], []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
			d.write(path, b)
		}, nil, mailstore.RebuildReport{}},
		{"a file", func(d *damage) { d.remove("u.5") }, without(3), mailstore.RebuildReport{Dropped: 1}},
		{"a body cut off", func(d *damage) {
			b := d.read(d.file(5, false))
			d.write(d.file(5, false), b[:bytes.Index(b, []byte("five"))+2])
		}, nil, mailstore.RebuildReport{Repaired: 1}},
		{"an expunged file is back", func(d *damage) {
			d.write(d.file(3, false), d.read(d.file(2, false)))
		}, healthy, mailstore.RebuildReport{Expunged: 1}},
		{"an expunged file is back, and the log is damaged", func(d *damage) {
			d.write(d.file(3, false), d.read(d.file(2, false)))
			d.remove("dovecot.index.log")
			d.write(filepath.Join(d.dir, "dovecot.index.log"), []byte("garbage"))
		}, healthy, mailstore.RebuildReport{Expunged: 1}},
		{"an unfinished expunge", func(d *damage) {
			index, err := mailindex.Open(d.x.ctx, d.x.fsys, d.dir, "dovecot.index", mailindex.Options{Logger: quiet})
			require.NoError(d.t, err)
			defer index.Close()
			tx := &mailindex.Transaction{}
			tx.RequestExpunge(mailindex.Expunge{UID: 5})
			require.NoError(d.t, index.Commit(d.x.ctx, tx))
		}, without(3), mailstore.RebuildReport{Expunged: 1}},
		{"an unfinished save", func(d *damage) {
			d.write(d.file(9, false), d.read(d.file(2, false)))
		}, append(without(), `9 "two"`), mailstore.RebuildReport{Added: 1}},
		{"an unfinished move to the alternate storage", func(d *damage) {
			d.write(d.file(5, true), d.read(d.file(5, false)))
		}, healthy, mailstore.RebuildReport{}},
		{"an unfinished move from the alternate storage", func(d *damage) {
			d.write(d.file(4, false), d.read(d.file(4, true)))
		}, healthy, mailstore.RebuildReport{}},
		{"two different files of one uid", func(d *damage) {
			d.write(d.file(5, true), d.read(d.file(6, false)))
		}, append(without(), `8 "six" alt`), mailstore.RebuildReport{Added: 1}},
		{"two messages in a file", func(d *damage) {
			second := d.read(d.file(6, false))
			d.write(d.file(5, false), append(d.read(d.file(5, false)), second[slices.Index(second, '\n')+1:]...))
		}, append(without(), `8 "six"`), mailstore.RebuildReport{Added: 1, Repaired: 1}},
		{"a file in the other storage", func(d *damage) {
			require.NoError(d.t, os.Rename(d.file(5, false), d.file(5, true)))
		}, []string{healthy[0], healthy[1], healthy[2], `5 "five" alt`, healthy[4]}, mailstore.RebuildReport{}},
		{"the mailbox of a part in the alternate storage", func(d *damage) {
			alt := filepath.Join(filepath.Dir(filepath.Dir(filepath.Dir(d.file(4, true)))), "lost", "dbox-Mails")
			require.NoError(d.t, os.MkdirAll(alt, 0o700))
			d.write(filepath.Join(alt, "u.8"), d.read(d.file(5, false)))
		}, healthy, mailstore.RebuildReport{Added: 1}},
		{"the name of the part in the alternate storage", func(d *damage) {
			place := filepath.Dir(filepath.Dir(d.file(4, true)))
			require.NoError(d.t, os.Rename(place, filepath.Join(filepath.Dir(place), "before")))
		}, healthy, mailstore.RebuildReport{}},
	} {
		for _, version := range []int{2, 3} {
			t.Run(c.name, func(t *testing.T) {
				x := newStore(t, newFS(t, fsapi.ThreadPool, fsapi.SyncNever), func(o *Options) {
					o.Version = version
					if !strings.Contains(c.name, "middle") { // else there is only the log
						o.Limits = mailindex.Limits{RewriteMin: 1, RewriteMax: 2}
					}
				})
				m := x.open("INBOX")
				save(t, m, mailstore.SaveOptions{}, "one", "two", "three", "four", "five", "six", "seven")
				require.NoError(t, m.SetFlags(x.ctx, []uint32{1}, mailstore.FlagChange{Add: mailstore.Seen, AddKeywords: []string{"k"}}))
				require.NoError(t, m.SetFlags(x.ctx, []uint32{2}, mailstore.FlagChange{Add: mailstore.Flagged, AddKeywords: []string{"l"}}))
				require.NoError(t, m.Expunge(x.ctx, []uint32{3, 7}))
				require.NoError(t, m.AltMove(x.ctx, []uint32{4}, false))
				before, err := m.Status(x.ctx)
				require.NoError(t, err)
				require.NoError(t, m.Close())
				d := &damage{t, x, x.tree.Dir("INBOX"), m.(*mailbox).box.file}
				c.damage(d)
				problems := 0
				require.NoError(t, x.Verify(x.ctx, func(mailstore.Problem) { problems++ }))
				quiet := c.name == "nothing" || strings.Contains(c.name, "backup")
				require.Equal(t, quiet, problems == 0, "%d problems", problems)

				report, err := x.Rebuild(x.ctx)
				require.NoError(t, err)
				t.Log(report.Notes)
				m = x.open("INBOX")
				if c.want != nil {
					require.Equal(t, c.want, contents(t, m))
					require.Equal(t, c.report.Added, report.Added)
					require.Equal(t, c.report.Dropped, report.Dropped)
					require.Equal(t, c.report.Expunged, report.Expunged)
					require.Equal(t, c.report.Repaired, report.Repaired)
				} else {
					require.Len(t, contents(t, m), 5)
				}
				after, err := m.Status(x.ctx)
				require.NoError(t, err)
				if c.name != "the index" {
					require.Equal(t, before.GUID, after.GUID)
					require.Equal(t, before.UIDValidity, after.UIDValidity)
					require.GreaterOrEqual(t, after.UIDNext, before.UIDNext)
				}
				again, err := x.Rebuild(x.ctx)
				require.NoError(t, err)
				require.Empty(t, again.Notes, "a second time there is nothing to do")
				require.NoError(t, x.Verify(x.ctx, func(p mailstore.Problem) { t.Error(p) }))
			})
		}
	}
}

// A disk that is not mounted must not make messages disappear.
func TestRebuildWithoutAlternateStorage(t *testing.T) {
	x := newStore(t, newFS(t, fsapi.ThreadPool, fsapi.SyncNever), nil)
	m := x.open("INBOX")
	save(t, m, mailstore.SaveOptions{}, "1", "2")
	require.NoError(t, m.AltMove(x.ctx, []uint32{1}, false))
	require.NoError(t, os.Rename(x.opts.Alt, x.opts.Alt+".away"))
	_, err := x.Rebuild(x.ctx)
	require.ErrorIs(t, err, mailstore.ErrCorrupt)
	require.ErrorContains(t, err, "alternate storage")
	require.NoError(t, os.Rename(x.opts.Alt+".away", x.opts.Alt))
	require.Equal(t, []string{`1 "1" alt`, `2 "2"`}, contents(t, m))
}

// Old temporary files go, young ones may be somebody's.
func TestRebuildSweeps(t *testing.T) {
	x := newStore(t, newFS(t, fsapi.ThreadPool, fsapi.SyncNever), nil)
	x.open("INBOX")
	old, young := filepath.Join(x.tree.Dir("INBOX"), ".temp.old"), filepath.Join(x.tree.Dir("INBOX"), ".temp.young")
	for _, path := range []string{old, young} {
		require.NoError(t, os.WriteFile(path, nil, 0o600))
	}
	require.NoError(t, os.Chtimes(old, time.Time{}, time.Now().Add(-37*time.Hour)))
	_, err := x.Rebuild(x.ctx)
	require.NoError(t, err)
	require.NoFileExists(t, old)
	require.FileExists(t, young)
}
