package mdbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/dboxfmt/storetest"
	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend/simdisk"
)

// ruined says what is done to a store before it is rebuilt.
var ruined = map[string]func(t *testing.T, fsys *fsapi.FS){
	"in order":   func(*testing.T, *fsapi.FS) {},
	"map lost":   func(t *testing.T, fsys *fsapi.FS) { removeAll(t, fsys, "storage", mapIndex) },
	"index lost": func(t *testing.T, fsys *fsapi.FS) { removeAll(t, fsys, "mailboxes/Other/dbox-Mails", boxIndexName) },
	"file damaged": func(t *testing.T, fsys *fsapi.FS) {
		files := messageFiles(t, fsys)
		require.Greater(t, len(files), 1)
		rewriteFile(t, fsys, files[0], func(b []byte) []byte { return append(b, "garbage behind the last message"...) })
		rewriteFile(t, fsys, files[1], func(b []byte) []byte {
			at := strings.IndexByte(string(b), '\n') + 1
			return slices.Insert(b, at, []byte("garbage before the first message\n")...)
		})
	},
}

func messageFiles(t *testing.T, fsys *fsapi.FS) (names []string) {
	entries, err := fsys.ReadDir(ctx, "/mail/mdbox/storage")
	require.NoError(t, err)
	for _, e := range entries {
		if _, ok := parseMessageFile(e.Name()); ok {
			names = append(names, filepath.Join("storage", e.Name()))
		}
	}
	return names
}

func removeAll(t *testing.T, fsys *fsapi.FS, dir, prefix string) {
	dir = filepath.Join("/mail/mdbox", dir)
	entries, err := fsys.ReadDir(ctx, dir)
	require.NoError(t, err)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) {
			require.NoError(t, fsys.Remove(ctx, filepath.Join(dir, e.Name())))
		}
	}
}

func rewriteFile(t *testing.T, fsys *fsapi.FS, name string, change func([]byte) []byte) {
	path := filepath.Join("/mail/mdbox", name)
	in := fsys.Open(path, fsapi.ReadOnly)
	data, err := io.ReadAll(fsapi.NewReader(ctx, in))
	require.NoError(t, err)
	require.NoError(t, in.Close())
	out := fsys.Create(path, fsapi.ReplaceIfExists, fsapi.Perm{})
	w := fsapi.NewWriter(ctx, out)
	_, err = w.Write(change(data))
	require.NoError(t, err)
	require.NoError(t, w.Commit())
	require.NoError(t, out.Close())
}

// TestPowerCutInRebuild and TestPowerCutInPurge: the machine loses power at some
// operation, also while two others deliver and expunge. After that, and another
// rebuild, the store holds what it holds where nothing goes wrong, and what was
// acknowledged meanwhile.
func TestPowerCutInRebuild(t *testing.T) {
	for name, ruin := range ruined {
		t.Run(name, func(t *testing.T) {
			powerCutIn(t, ruin, func(s *Store) error {
				_, err := s.Rebuild(ctx)
				return err
			})
		})
	}
}

func TestPowerCutInPurge(t *testing.T) {
	powerCutIn(t, ruined["in order"], func(s *Store) error {
		_, err := s.Purge(ctx)
		return err
	})
}

func powerCutIn(t *testing.T, ruin func(*testing.T, *fsapi.FS), run func(*Store) error) {
	seed := storetest.Setting(t, seedVariable, time.Now().UnixNano())
	t.Logf("%s=%d", seedVariable, seed)
	random := rand.New(rand.NewSource(seed))
	kind := random.Intn(4) // of version 2; that of version 3 is the opposite
	for version := 2; version <= 3; version, kind = version+1, 3-kind {
		ordered, others := kind&1 != 0, kind&2 != 0
		t.Run(fmt.Sprintf("version %d, ordered %v, others %v", version, ordered, others), func(t *testing.T) {
			cut := &cutRun{version: version, run: run, disk: populated(t, version, ordered, seed, ruin)}
			cut.whole(t)
			stride := int(storetest.Setting(t, strideVariable, 53))
			at := 1 + random.Intn(stride)
			for ; cut.once(t, at, seed, others); at += stride {
			}
			t.Logf("%d operations", at)
			require.Greater(t, at, 30)
			require.Equal(t, others, cut.beside > 0)
		})
	}
}

// populated returns a disk with a store that has messages in several places, dead
// ones among them.
func populated(t *testing.T, version int, ordered bool, seed int64, ruin func(*testing.T, *fsapi.FS)) *simdisk.Disk {
	disk := simdisk.New(simdisk.Options{Seed: seed, Dirs: []string{"/mail/alt"}, Ordered: ordered})
	s, fsys, err := openVersion(disk, version, 0)
	require.NoError(t, err)
	defer fsys.Close()
	defer s.Close()
	require.NoError(t, s.Create(ctx, "Other"))
	for n := range 12 {
		body := fmt.Sprintf("%d %s", n, strings.Repeat("x", n*150))
		require.NoError(t, deliver(s, cutBoxes[n%2], body, body+" dead"))
	}
	text := func(n int) string { return fmt.Sprintf("%d %s", n, strings.Repeat("x", n*150)) }
	require.NoError(t, transfer(s, (*mailbox).Copy, "INBOX", "Other", text(0), text(4), text(8)))
	require.NoError(t, transfer(s, (*mailbox).Move, "Other", "INBOX", text(1), text(5)))
	require.NoError(t, altMove(s, "INBOX", text(2), text(6)))
	for n := range 12 {
		require.NoError(t, expunge(s, cutBoxes[n%2], text(n)+" dead"))
	}
	ruin(t, fsys)
	return disk
}

// cutRun is a Rebuild or a Purge that is cut short again and again.
type cutRun struct {
	version int
	disk    *simdisk.Disk // before
	run     func(*Store) error
	want    []string // what the store holds after a run without a cut, and a rebuild
	beside  int      // messages that others have delivered meanwhile
}

// whole finds out what there is when nothing goes wrong.
func (c *cutRun) whole(t *testing.T) {
	s, fsys, err := openVersion(c.disk.Copy(), c.version, 0)
	require.NoError(t, err)
	defer fsys.Close()
	defer s.Close()
	require.NoError(t, c.run(s))
	_, err = s.Rebuild(ctx)
	require.NoError(t, err)
	c.want = inStore(t, s, "without a cut")
	require.Len(t, slices.Compact(slices.Clone(c.want)), len(c.want))
	require.GreaterOrEqual(t, len(c.want), 12)
}

// besides are the messages that others deliver meanwhile.
var besides = regexp.MustCompile(`^\d+ (beside|expunged)\d xx$`)

// acknowledged are messages that were delivered by others meanwhile.
type acknowledged struct {
	mu         sync.Mutex
	kept, gone []string // surely
}

func (a *acknowledged) note(list *[]string, line string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	*list = append(*list, line)
}

// once returns false if the power did not go.
func (c *cutRun) once(t *testing.T, at int, seed int64, others bool) bool {
	disk, said := c.disk.Copy(), &acknowledged{}
	s, fsys, err := openVersion(disk, c.version, 0)
	require.NoError(t, err)
	disk.CutAt(at)
	var beside sync.WaitGroup
	over, stop := context.WithCancel(ctx)
	for worker := range 2 {
		if others {
			beside.Go(func() { said.work(over, fsys, s.opts, worker) })
		}
	}
	failed := c.run(s)
	stop()
	beside.Wait()
	c.beside += len(said.kept)
	cut := disk.Dead()
	if !cut {
		require.NoError(t, failed)
	}
	_ = s.Close()
	_ = fsys.Close()
	for survivor := seed; survivor < seed+2; survivor++ {
		c.check(t, disk.AfterCrash(survivor), said, fmt.Sprintf("cut at operation %d, survivor %d: %v", at, survivor, failed))
	}
	return cut
}

// work delivers two messages and expunges one of them, again and again, and once
// more after all is over. As long as the store needs a rebuild, that fails.
func (a *acknowledged) work(over context.Context, fsys *fsapi.FS, o Options, worker int) {
	o.FS = fsys
	s, err := Open(ctx, o)
	if err != nil {
		return
	}
	defer s.Close()
	for n := range 1000 {
		last := over.Err() != nil
		kept, gone := fmt.Sprintf("%d beside%d xx", n, worker), fmt.Sprintf("%d expunged%d xx", n, worker)
		err := deliver(s, "INBOX", kept, gone)
		if err == nil {
			a.note(&a.kept, kept)
			if err = expunge(s, "INBOX", gone); err == nil {
				a.note(&a.gone, gone)
			}
		}
		if last || err != nil && !errors.Is(err, mailstore.ErrCorrupt) {
			return
		}
	}
}

// check rebuilds what is left, and looks at it.
func (c *cutRun) check(t *testing.T, disk *simdisk.Disk, said *acknowledged, when string) {
	s, fsys, err := openVersion(disk, c.version, time.Hour)
	require.NoError(t, err, when)
	defer fsys.Close()
	defer s.Close()
	report, err := s.Rebuild(ctx)
	require.NoError(t, err, when)
	require.NoError(t, s.Verify(ctx, func(p mailstore.Problem) { require.Fail(t, "after a rebuild", "%v, %s", p, when) }), when)
	var found []string
	held := map[string]int{}
	eachMail(t, s, when, func(name, body string, flags mailstore.Flags) {
		if besides.MatchString(body) {
			held[body]++
		} else {
			found = append(found, outline(name, body, flags))
		}
	})
	slices.Sort(found)
	for _, body := range said.kept {
		require.Equal(t, 1, held[body], "%q, %v, %s", body, report.Notes, when)
	}
	for _, body := range said.gone {
		require.Zero(t, held[body], "%q is back, %v, %s", body, report.Notes, when)
	}
	require.Equal(t, c.want, found, "%v, %s", report.Notes, when)
	again, err := s.Rebuild(ctx)
	require.NoError(t, err, when)
	require.Zero(t, again.Added+again.Dropped+again.Expunged+again.Repaired, "%+v, %s", again, when)
}
