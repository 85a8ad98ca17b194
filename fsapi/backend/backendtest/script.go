package backendtest

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// lane is a directory with some files and handles of its own. Steps in one
// lane run one after the other, so that their outcome is certain; lanes run
// side by side.
type lane struct {
	dir     string
	handles [4]backend.Handle
	busy    bool
}

// step is what is submitted together.
type step struct {
	number int
	lanes  []*lane
	ops    []*backend.Op
	left   int
}

// script writes steps. It knows nothing of their outcome: many fail, as the
// same step does everywhere.
type script struct {
	r     *rig
	rng   *rand.Rand
	lanes []*lane
	names int // unique ones handed out
}

const lanes = 24

func newScript(r *rig, seed uint64) *script {
	s := &script{r: r, rng: rand.New(rand.NewPCG(seed, seed))}
	for i := range lanes {
		l := &lane{dir: r.path(fmt.Sprintf("lane%02d", i))}
		for _, dir := range []string{l.dir, filepath.Join(l.dir, "dir"), filepath.Join(l.dir, "sub")} {
			r.do(&backend.Op{Kind: backend.OpMkdir, Path: dir, Mode: 0o755})
		}
		s.lanes = append(s.lanes, l)
	}
	return s
}

func (s *script) closeAll() {
	for _, l := range s.lanes {
		for i := range l.handles {
			s.r.close(&l.handles[i])
		}
	}
}

// recipes are the kinds of steps; how often one stands here is how likely it is.
var recipes = []func(s *script, l *lane) []*backend.Op{
	(*script).open, (*script).open, (*script).open, (*script).open,
	(*script).shut, (*script).shut,
	(*script).reads, (*script).reads, (*script).reads,
	(*script).writes, (*script).writes, (*script).writes,
	(*script).onHandle, (*script).onHandle, (*script).onHandle,
	(*script).onName, (*script).onName, (*script).onName,
	(*script).twoNames, (*script).twoNames,
	(*script).fetch, (*script).fetch,
	(*script).appendAndSync,
	(*script).deliver, (*script).deliver,
	(*script).mixed,
}

func (s *script) step(number int) *step {
	l := s.lanes[s.rng.IntN(len(s.lanes))]
	st := &step{number: number, lanes: []*lane{l}}
	if s.rng.IntN(15) == 0 {
		other := s.lanes[s.rng.IntN(len(s.lanes))]
		if other != l {
			st.lanes = append(st.lanes, other)
		}
		st.ops = s.moveInto(l, other)
	} else {
		st.ops = recipes[s.rng.IntN(len(recipes))](s, l)
	}
	for _, op := range st.ops {
		op.User = st
	}
	st.left = len(st.ops)
	return st
}

// name returns one of a few names in the lane, some of them below directories
// that mostly exist.
func (s *script) name(l *lane) string {
	if s.rng.IntN(10) == 0 {
		return s.directory(l)
	}
	names := [...]string{"a", "b", "c", "d", "dir/x", "dir/y", "sub/x"}
	return filepath.Join(l.dir, names[s.rng.IntN(len(names))])
}

func (s *script) directory(l *lane) string {
	return filepath.Join(l.dir, [...]string{"", "dir", "sub"}[s.rng.IntN(3)])
}

// unique returns a name that nobody else has.
func (s *script) unique(l *lane) string {
	s.names++
	return filepath.Join(l.dir, fmt.Sprintf("new%d", s.names))
}

// handle returns one of the lane's handles, open or not, and its name for
// error texts.
func (s *script) handle(l *lane) (*backend.Handle, string) {
	i := s.rng.IntN(len(l.handles))
	return &l.handles[i], filepath.Join(l.dir, fmt.Sprintf("handle%d", i))
}

// size is mostly small, sometimes many pages, sometimes nothing.
func (s *script) size() int {
	return s.rng.IntN([...]int{1, 100, 5000, 5000, 70_000}[s.rng.IntN(5)] + 1)
}

func (s *script) offset() int64 {
	return int64(s.rng.IntN([...]int{1, 3000, 30_000, 200_000}[s.rng.IntN(4)]))
}

func (s *script) data() []byte { return pattern(s.rng.Uint64(), s.size()) }

// linked makes a chain of ops.
func linked(ops ...*backend.Op) []*backend.Op {
	for _, op := range ops[:len(ops)-1] {
		op.Link = true
	}
	return ops
}
