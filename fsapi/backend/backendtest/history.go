package backendtest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/stretchr/testify/require"
)

var historyCases = []testCase{{"same-as-sync", testHistory}}

// seedVariable repeats a run: the seed that the failed one printed.
const seedVariable = "BACKENDTEST_SEED"

func testHistory(r *rig) {
	seed := rand.Uint64()
	if s := os.Getenv(seedVariable); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 10, 64)
		require.NoError(r, err)
	}
	steps := 3000
	if testing.Short() {
		steps = 500
	}
	r.Logf("%s=%d repeats this run", seedVariable, seed)
	want := History(r.T, backend.NewSync(0), seed, steps)
	requireSameHistory(r.T, want, History(r.T, r.b, seed, steps))
}

func requireSameHistory(t testing.TB, want, got []string) {
	t.Helper()
	for i := range min(len(want), len(got)) {
		require.Equal(t, want[i], got[i], "line %d of the history", i)
	}
	require.Equal(t, len(want), len(got), "length of the history")
}

// History plays a random script of so many steps on b in a fresh directory: a
// step is an operation, a chain or a few of them, on some files. Steps that
// have no files in common are in flight together. It returns what happened, a
// line for each operation, and then a line for each file that is left; two
// engines must return the same for one seed. It does not close b.
func History(t *testing.T, b backend.Backend, seed uint64, steps int) []string {
	r := &rig{T: t, b: b, dir: t.TempDir()}
	r.mkdirAll(r.dir)
	p := &player{r: r, script: newScript(r, seed), steps: steps}
	p.play()
	history := make([]string, 0, 4*steps)
	for _, s := range p.all {
		for i, op := range s.ops {
			history = append(history, fmt.Sprintf("%d.%d %s", s.number, i, r.outcome(op)))
		}
	}
	p.script.closeAll()
	return append(history, r.tree(r.dir)...)
}

// window is how many steps the player looks ahead for some that can start.
const window = 64

// player keeps as many steps in flight as their lanes allow.
type player struct {
	r       *rig
	script  *script
	steps   int
	all     []*step
	waiting []*step // in the order of the script
	running int
}

func (p *player) play() {
	done := make([]*backend.Op, 32)
	var rest []*backend.Op
	for {
		rest = append(rest, p.startable()...)
		if len(rest) == 0 && p.running == 0 {
			return
		}
		started, n, err := p.r.b.Submit(rest, done)
		require.NoError(p.r, err)
		rest = rest[started:]
		if n == 0 && (started == 0 || len(p.waiting) == window) {
			n, err = p.r.b.Reap(done)
			require.NoError(p.r, err)
		}
		p.finished(done[:n])
	}
}

// startable takes the steps whose lanes are free and that no earlier step
// waits for, and returns their operations.
func (p *player) startable() (ops []*backend.Op) {
	for len(p.waiting) < window && len(p.all) < p.steps {
		s := p.script.step(len(p.all))
		p.all, p.waiting = append(p.all, s), append(p.waiting, s)
	}
	wanted := map[*lane]bool{}
	still := p.waiting[:0]
	for _, s := range p.waiting {
		free := true
		for _, l := range s.lanes {
			free = free && !l.busy && !wanted[l]
			wanted[l] = true
		}
		if !free {
			still = append(still, s)
			continue
		}
		for _, l := range s.lanes {
			l.busy = true
		}
		p.running++
		ops = append(ops, s.ops...)
	}
	p.waiting = still
	return ops
}

func (p *player) finished(done []*backend.Op) {
	for _, op := range done {
		s := op.User.(*step)
		if s.left--; s.left > 0 {
			continue
		}
		for _, l := range s.lanes {
			l.busy = false
		}
		p.running--
	}
}

// tree lists everything below dir.
func (r *rig) tree(dir string) (lines []string) {
	for _, e := range r.do(&backend.Op{Kind: backend.OpReadDir, Path: dir}).Entries {
		path := filepath.Join(dir, e.Name())
		info := r.stat(path)
		line := fmt.Sprintf("%s %v links=%d", r.relative(path), info.Mode, info.Links)
		if e.IsDir() {
			lines = append(append(lines, line), r.tree(path)...)
			continue
		}
		lines = append(lines, fmt.Sprintf("%s size=%d %s", line, info.Size, digest(r.content(path))))
	}
	return lines
}
