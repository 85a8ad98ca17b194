package fsapi

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"maps"
	"math/rand"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend/fault"
	"github.com/ringbox/ringbox/fsapi/backend/simdisk"
)

// crashStep is some writes that are committed together, or one after the other.
type crashStep struct {
	group  bool
	writes []crashWrite
}

type crashWrite struct {
	path string
	as   string        // CommitAs, if not empty
	how  string        // "create", "replace" or "append"
	mode iofs.FileMode // of a created file
	data string
}

func (w crashWrite) target() string {
	if w.as != "" {
		return w.as
	}
	return w.path
}

func (w crashWrite) String() string {
	return fmt.Sprintf("%s %s as %q: %d bytes", w.how, w.path, w.as, len(w.data))
}

var crashDirs = []string{"/d", "/e"}

// crashScript returns steps in which every path occurs once a step.
func crashScript(rng *rand.Rand) (steps []crashStep) {
	var paths []string
	for _, dir := range crashDirs {
		for i := range 3 {
			paths = append(paths, fmt.Sprintf("%s/%d", dir, i))
		}
	}
	for i := range 3 + rng.Intn(4) {
		s := crashStep{group: rng.Intn(2) == 0}
		order := rng.Perm(len(paths))
		for j, p := range order[:1+rng.Intn(4)] {
			w := crashWrite{path: paths[p], how: []string{"create", "replace", "append"}[rng.Intn(3)], mode: 0o600 + iofs.FileMode(rng.Intn(64))}
			w.data = strings.Repeat(string(rune('a'+(4*i+j)%26)), crashSize(rng))
			if w.how != "append" && rng.Intn(3) == 0 {
				w.as, w.path = w.path, crashDirs[rng.Intn(2)]+"/unused"
			}
			s.writes = append(s.writes, w)
		}
		steps = append(steps, s)
	}
	return steps
}

// crashSize is that of a mail, seldom one that has to leave the memory.
func crashSize(rng *rand.Rand) int {
	if rng.Intn(12) == 0 {
		return flushSize + rng.Intn(flushSize)
	}
	return rng.Intn(3000)
}

// promise is what a path may hold after a crash.
type promise struct {
	sure  *string             // the last commit that was reported as done; nil: no file
	mode  iofs.FileMode       // with it
	maybe map[string]struct{} // whole contents that were tried
	tails map[string]int      // contents that may have so many bytes more
	lost  bool                // two faults have met: nothing more is tried here
}

func (p *promise) holds(got string, there bool) bool {
	switch _, tried := p.maybe[got]; {
	case !there:
		return p.sure == nil
	case p.sure != nil && got == *p.sure, tried:
		return true
	}
	for base, n := range p.tails {
		if strings.HasPrefix(got, base) && len(got) <= len(base)+n {
			return true
		}
	}
	return false
}

// crashRun runs a script on a disk and keeps account of what was promised.
type crashRun struct {
	t        *testing.T
	disk     *simdisk.Disk
	fs       *FS
	promises map[string]*promise
}

func (r *crashRun) promise(path string) *promise {
	if r.promises[path] == nil {
		r.promises[path] = &promise{maybe: map[string]struct{}{}, tails: map[string]int{}}
	}
	return r.promises[path]
}

func (r *crashRun) step(s crashStep) {
	var files []*File
	var tried []crashWrite
	var as []string
	for _, w := range s.writes {
		if p := r.promise(w.target()); p.lost || w.how == "append" && p.sure == nil {
			continue
		}
		tried, as = append(tried, w), append(as, w.as)
		files = append(files, r.begin(w))
	}
	// Who failed is asked for again below.
	if s.group {
		_ = r.fs.CommitAllAs(patient(r.t), files, as)
	} else {
		for i, f := range files {
			_ = f.commitAs(as[i])
		}
	}
	for i, f := range files {
		err := f.awaitCommit(patient(r.t), as0(f, as[i]))
		r.account(tried[i], err)
		f.Close()
	}
}

// as0 returns name as long as f can still get it.
func as0(f *File, name string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.write.create == nil {
		return ""
	}
	return name
}

func (r *crashRun) begin(w crashWrite) *File {
	var f *File
	switch w.how {
	case "create":
		f = r.fs.Create(w.path, FailIfExists, Perm{Mode: w.mode})
	case "replace":
		f = r.fs.Create(w.path, ReplaceIfExists, Perm{Mode: w.mode})
	default:
		f = r.fs.Open(w.path, Append)
	}
	// An error comes out of the commit as well.
	_, _ = NewWriter(patient(r.t), f).Write([]byte(w.data))
	return f
}

// account changes the promises after a commit that ended with err.
func (r *crashRun) account(w crashWrite, err error) {
	p := r.promise(w.target())
	base := ""
	if p.sure != nil {
		base = *p.sure
	}
	now := w.data
	if w.how == "append" {
		now = base + w.data
	}
	if err == nil {
		require.False(r.t, w.how == "create" && p.sure != nil, "%v: replaced", w)
		*p = promise{sure: &now, mode: p.mode, maybe: map[string]struct{}{}, tails: map[string]int{}}
		if w.how != "append" {
			p.mode = w.mode
		}
		return
	}
	if errors.Is(err, iofs.ErrExist) {
		require.True(r.t, w.how == "create" && p.sure != nil, "%v: %v", w, err)
		return
	}
	harmed := r.disk.Dead() || r.disk.Failures() > 0
	require.True(r.t, harmed, "%v failed without a cause: %v", w, err)
	if w.how == "append" {
		p.tails[base] = max(p.tails[base], len(w.data))
	} else {
		p.maybe[now] = struct{}{}
	}
	live, there := r.disk.Files()[w.target()]
	p.lost = p.lost || there != (p.sure != nil) || string(live.Data) != base
}

// runScript runs a script until the power goes or it ends, and compares what
// is there afterwards with what was promised. It returns how many operations
// there were. A cut at 0 is none.
func runScript(t *testing.T, seed int64, cutAt int, o simdisk.Options) int {
	o.Seed, o.Dirs = seed^int64(cutAt)<<32, crashDirs
	disk := simdisk.New(o)
	disk.CutAt(cutAt)
	// Names the seed in whatever fails, a hang included.
	defer func() {
		if t.Failed() {
			t.Logf("seed %d, cut at operation %d", seed, cutAt)
		}
	}()
	r := &crashRun{t: t, disk: disk, fs: openFS(t, disk, Options{}), promises: map[string]*promise{}}
	for _, s := range crashScript(rand.New(rand.NewSource(seed))) {
		if disk.Dead() {
			break
		}
		r.step(s)
	}
	closeFS(t, r.fs)
	if !disk.Dead() && disk.Failures() == 0 {
		r.check(t, disk.Files())
		for path := range disk.Files() {
			require.NotContains(t, path, "/.temp.", "left behind")
		}
	}
	for i := range int64(4) {
		r.check(t, disk.AfterCrash(seed+i).Files())
	}
	return disk.Operations()
}

func (r *crashRun) check(t *testing.T, files map[string]simdisk.File) {
	for path, p := range r.promises {
		file, there := files[path]
		got := string(file.Data)
		require.True(t, p.holds(got, there), "%s after the crash: there %v, %s; promised %s", path, there, outline(got), p)
		if p.sure != nil && there && got == *p.sure && len(p.maybe) == 0 {
			require.Equal(t, p.mode, file.Mode, "permissions of %s", path)
		}
	}
	for path := range files {
		if r.promises[path] == nil {
			require.Contains(t, path, "/.temp.", "a file that nobody has made")
		}
	}
}

// outline tells a content by its runs of equal bytes.
func outline(s string) string {
	out := []string{}
	for len(s) > 0 {
		n := len(s) - len(strings.TrimLeft(s, s[:1]))
		out = append(out, fmt.Sprintf("%q*%d", s[:1], n))
		s = s[n:]
	}
	return strings.Join(out[:min(len(out), 8)], " ")
}

func (p *promise) String() string {
	out := "no file"
	if p.sure != nil {
		out = outline(*p.sure)
	}
	for _, m := range slices.Sorted(maps.Keys(p.maybe)) {
		out += ", or " + outline(m)
	}
	for base, n := range p.tails {
		out += fmt.Sprintf(", or %s and %d bytes", outline(base), n)
	}
	return out
}

// TestCrashes: scripts of commits on a disk that loses power at every
// operation, on disks that can do less, and on one that fails now and then.
func TestCrashes(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	for name, c := range map[string]struct {
		scripts int64
		disk    simdisk.Options
	}{
		"good disk":            {2, simdisk.Options{}},
		"no flags, no unnamed": {2, simdisk.Options{NoRenameFlags: true, NoUnnamed: true}},
		"failing disk":         {2, simdisk.Options{FailureRate: 0.03}},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range c.scripts {
				n := runScript(t, seed+i, 0, c.disk)
				for at := range n {
					runScript(t, seed+i, at+1, c.disk)
				}
			}
		})
	}
}

// A replacement that fails at the sync of its directory is taken back, but not
// on the device yet. What is appended afterwards must not be lost with that.
func TestAppendBehindAFailedReplacement(t *testing.T) {
	for name, noFlags := range map[string]bool{"good disk": false, "no flags": true} {
		t.Run(name, func(t *testing.T) {
			disk := simdisk.New(simdisk.Options{Seed: 1, Dirs: []string{"/d"}, NoRenameFlags: noFlags})
			faulty := fault.Wrap(disk)
			fs := openFS(t, faulty, Options{})
			commit := func(f *File, data string) error {
				defer f.Close()
				w := NewWriter(patient(t), f)
				_, err := w.Write([]byte(data))
				require.NoError(t, err)
				return w.Commit()
			}
			require.NoError(t, commit(fs.Create("/d/a", FailIfExists, Perm{}), "old"))
			bad := faulty.Add(isSyncOf("/d").Fail(syscall.EIO))
			require.ErrorIs(t, commit(fs.Create("/d/a", ReplaceIfExists, Perm{}), "new"), syscall.EIO)
			require.Equal(t, 1, bad.Matched())

			again := faulty.Add(isSyncOf("/d").Fail(syscall.EIO))
			require.ErrorIs(t, commit(fs.Open("/d/a", Append), " lost"), syscall.EIO)
			require.Equal(t, 1, again.Matched())
			require.Equal(t, "old", string(disk.Files()["/d/a"].Data))

			require.NoError(t, commit(fs.Open("/d/a", Append), " and more"))
			for seed := range int64(100) {
				left := disk.AfterCrash(seed).Files()["/d/a"]
				require.Equal(t, "old and more", string(left.Data), "seed %d", seed)
			}
			syncs := faulty.Add(isSyncOf("/d"))
			require.NoError(t, commit(fs.Open("/d/a", Append), ", again"))
			require.Zero(t, syncs.Matched(), "the doubt is over")
		})
	}
}
