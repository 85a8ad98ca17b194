package mdbox

import (
	"fmt"
	"io"
	"maps"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/dboxfmt/storetest"
	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend/simdisk"
)

// TestPowerCut: the machine loses power at some operation. On every disk that may
// be left, what was acknowledged is there and what was expunged is not; what was
// under way is there or not; a rebuild puts all in order, and the next one has
// nothing to do. On a disk that lets files get longer before their data is there
// that holds after a rebuild.
func TestPowerCut(t *testing.T) {
	seed := storetest.Setting(t, seedVariable, time.Now().UnixNano())
	stride := int(storetest.Setting(t, strideVariable, 31))
	for name, ordered := range map[string]bool{"ordered": true, "torn": false} {
		t.Run(name, func(t *testing.T) {
			t.Logf("%s=%d", seedVariable, seed)
			at := 1 + rand.New(rand.NewSource(seed)).Intn(stride)
			for ; ; at += stride {
				disk := simdisk.New(simdisk.Options{Seed: seed, Dirs: []string{"/mail/alt"}, Ordered: ordered})
				disk.CutAt(at)
				w := &wanderer{rng: rand.New(rand.NewSource(seed)), disk: disk, torn: !ordered, holds: held{}}
				failed := w.wander()
				for survivor := seed; survivor < seed+3; survivor++ {
					w.check(t, disk.AfterCrash(survivor), fmt.Sprintf("cut at operation %d, survivor %d, in %s: %v", at, survivor, w.step, failed))
				}
				if !disk.Dead() {
					require.NoError(t, failed)
					break
				}
			}
			t.Logf("%d operations", at)
			require.Greater(t, at, 200)
		})
	}
}

// held is what mailboxes hold: the flags of messages by their bodies.
type held map[string]map[string]mailstore.Flags

func (h held) clone() held {
	c := held{}
	for name, mails := range h {
		c[name] = maps.Clone(mails)
	}
	return c
}

// lines are outlines of the messages, sorted: bodies are long.
func (h held) lines() (lines []string) {
	for name, mails := range h {
		for body, flags := range mails {
			lines = append(lines, outline(name, body, flags))
		}
	}
	slices.Sort(lines)
	return lines
}

func outline(name, body string, flags mailstore.Flags) string {
	number, rest, _ := strings.Cut(body, " ")
	return fmt.Sprintf("%s: %s %d intact %v %v", name, number, len(rest), strings.Trim(rest, "x") == "", flags)
}

// wanderer does anything in any order, and keeps account of it.
type wanderer struct {
	rng    *rand.Rand
	disk   *simdisk.Disk
	store  *Store
	torn   bool // the end of a log may have holes, so that only a rebuild can read it
	saved  int
	step   string
	holds  held
	before held // the step under way
	half   held // what a move may leave; nil: nothing
}

func openOn(disk *simdisk.Disk, later time.Duration) (*Store, *fsapi.FS, error) {
	return openVersion(disk, 0, later)
}

func openVersion(disk *simdisk.Disk, version int, later time.Duration) (*Store, *fsapi.FS, error) {
	fsys, err := fsapi.New(fsapi.Options{Engine: disk, Logger: quiet})
	if err != nil {
		return nil, nil, err
	}
	s, err := Open(ctx, Options{
		FS: fsys, Root: "/mail/mdbox", Alt: "/mail/alt", Version: version, RotateSize: 4 << 10, Logger: quiet, LockTimeout: 5 * time.Second,
		Limits: smallLimits, Now: func() time.Time { return time.Now().Add(later) },
	})
	return s, fsys, err
}

var cutBoxes = []string{"INBOX", "Other"}

func (w *wanderer) wander() error {
	w.begin("open")
	s, fsys, err := openOn(w.disk, 0)
	defer fsys.Close()
	if err != nil {
		return err
	}
	defer s.Close()
	w.store = s
	if err := s.Create(ctx, "Other"); err != nil {
		return err
	}
	for range 16 {
		if err := w.any(); err != nil {
			return err
		}
		w.before, w.half = w.holds, nil
	}
	return nil
}

func (w *wanderer) begin(format string, args ...any) {
	w.step, w.before, w.half = fmt.Sprintf(format, args...), w.holds.clone(), nil
}

// any does one step. w.holds is what there is if it succeeds.
func (w *wanderer) any() error {
	i := w.rng.Intn(2)
	from, to := cutBoxes[i], cutBoxes[1-i]
	chosen := w.some(from)
	switch n := w.rng.Intn(16); {
	case n < 5 || len(chosen) == 0:
		return w.save(from)
	case n < 7:
		return w.flag(from, chosen)
	case n < 9:
		w.begin("expunge %d in %s", len(chosen), from)
		w.drop(from, chosen)
		return expunge(w.store, from, chosen...)
	case n < 11:
		w.begin("purge")
		_, err := w.store.Purge(ctx)
		return err
	case n < 13:
		w.begin("altmove %d in %s", len(chosen), from)
		return altMove(w.store, from, chosen...)
	default:
		return w.transfer(from, to, chosen, n == 15)
	}
}

func (w *wanderer) save(name string) error {
	var bodies []string
	for range 1 + w.rng.Intn(3) {
		w.saved++
		bodies = append(bodies, fmt.Sprintf("%d %s", w.saved, strings.Repeat("x", w.rng.Intn([]int{100, 3000, 3000, 80_000}[w.rng.Intn(4)]))))
	}
	w.begin("save %d to %s", len(bodies), name)
	if w.holds[name] == nil {
		w.holds[name] = map[string]mailstore.Flags{}
	}
	for _, body := range bodies {
		w.holds[name][body] = 0
	}
	return deliver(w.store, name, bodies...)
}

func (w *wanderer) flag(name string, chosen []string) error {
	flags := mailstore.Flags(w.rng.Intn(32))
	w.begin("flag %d in %s", len(chosen), name)
	for _, body := range chosen {
		w.holds[name][body] = flags
	}
	return withBox(w.store, name, func(b *mailbox) error {
		uids, err := named(b, chosen)
		if err == nil {
			err = b.SetFlags(ctx, uids, mailstore.FlagChange{Replace: true, Add: flags})
		}
		return err
	})
}

func (w *wanderer) transfer(from, to string, chosen []string, move bool) error {
	chosen = slices.DeleteFunc(chosen, func(body string) bool { _, there := w.holds[to][body]; return there })
	w.begin("copy %d from %s to %s, move %v", len(chosen), from, to, move)
	if w.holds[to] == nil {
		w.holds[to] = map[string]mailstore.Flags{}
	}
	for _, body := range chosen {
		w.holds[to][body] = w.holds[from][body]
	}
	if !move {
		return transfer(w.store, (*mailbox).Copy, from, to, chosen...)
	}
	w.half = w.holds.clone()
	w.drop(from, chosen)
	return transfer(w.store, (*mailbox).Move, from, to, chosen...)
}

func (w *wanderer) drop(name string, bodies []string) {
	for _, body := range bodies {
		delete(w.holds[name], body)
	}
}

// some returns up to three bodies of a mailbox.
func (w *wanderer) some(name string) (list []string) {
	all := slices.Sorted(maps.Keys(w.holds[name]))
	for _, i := range w.rng.Perm(len(all))[:min(len(all), 1+w.rng.Intn(3))] {
		list = append(list, all[i])
	}
	return list
}

// check looks at what is there, before and after a rebuild.
func (w *wanderer) check(t *testing.T, disk *simdisk.Disk, when string) {
	s, fsys, err := openOn(disk, time.Hour)
	require.NoError(t, err, when)
	defer fsys.Close()
	defer s.Close()
	allowed := [][]string{w.before.lines(), w.holds.lines()}
	if w.half != nil {
		allowed = append(allowed, w.half.lines())
	}
	sure := inAll(allowed)
	if !w.torn {
		found := inStore(t, s, when)
		require.Contains(t, allowed, found, when)
		sure = found
	}

	report, err := s.Rebuild(ctx)
	require.NoError(t, err, when)
	require.NoError(t, s.Verify(ctx, func(p mailstore.Problem) { require.Fail(t, "after a rebuild", "%v, %s", p, when) }), when)
	rebuilt := inStore(t, s, when)
	require.Subset(t, rebuilt, sure, "after a rebuild: %v, %s", report.Notes, when)
	for _, line := range rebuilt {
		require.Contains(t, slices.Concat(allowed...), line, "after a rebuild: %v, %s", report.Notes, when)
	}
	again, err := s.Rebuild(ctx)
	require.NoError(t, err, when)
	require.Zero(t, again.Added+again.Dropped+again.Expunged+again.Repaired, "%+v, %s", again, when)
	require.Equal(t, rebuilt, inStore(t, s, when), when)
}

// inAll returns the lines that all lists have.
func inAll(lists [][]string) (lines []string) {
	for _, line := range lists[0] {
		if !slices.ContainsFunc(lists, func(list []string) bool { return !slices.Contains(list, line) }) {
			lines = append(lines, line)
		}
	}
	return lines
}

// inStore are the messages of a store, as lines has them; each is there once.
func inStore(t *testing.T, s *Store, when string) (lines []string) {
	eachMail(t, s, when, func(name, body string, flags mailstore.Flags) {
		lines = append(lines, outline(name, body, flags))
	})
	slices.Sort(lines)
	return lines
}

func eachMail(t *testing.T, s *Store, when string, fn func(name, body string, flags mailstore.Flags)) {
	for _, name := range cutBoxes {
		_ = withBox(s, name, func(b *mailbox) error {
			for m, err := range b.Fetch(ctx, nil, mailstore.FetchOptions{Verify: true}) {
				require.NoError(t, err, when)
				body, err := m.Body(ctx)
				require.NoError(t, err, when)
				text, err := io.ReadAll(body)
				require.NoError(t, err, when)
				fn(name, string(text), m.Flags)
			}
			return nil
		})
	}
}
