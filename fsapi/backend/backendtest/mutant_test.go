package backendtest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/stretchr/testify/require"
)

// mutant is the reference engine with a defect.
type mutant struct {
	*backend.Sync
	defect func(op *backend.Op) // applied to what has finished
	swap   func(ops []*backend.Op) []*backend.Op
	cancel func(op *backend.Op)
	leak   func()
	twice  bool
	last   *backend.Op
	depth  int // claimed, if not 0
}

func (m *mutant) Capabilities() backend.Capabilities {
	c := m.Sync.Capabilities()
	if m.depth > 0 {
		c.Depth = m.depth
	}
	return c
}

func (m *mutant) Submit(ops, done []*backend.Op) (int, int, error) {
	if m.swap != nil {
		ops = m.swap(ops)
	}
	started, finished, err := m.Sync.Submit(ops, done)
	m.spoil(done[:finished])
	return started, finished, err
}

func (m *mutant) Reap(done []*backend.Op) (int, error) {
	if m.twice && m.last != nil && len(done) > 0 {
		done[0], m.last = m.last, nil
		return 1, nil
	}
	n, err := m.Sync.Reap(done)
	m.spoil(done[:n])
	if n > 0 && m.twice {
		m.last = done[0]
	}
	return n, err
}

func (m *mutant) spoil(done []*backend.Op) {
	for _, op := range done {
		if m.defect != nil {
			m.defect(op)
		}
	}
}

func (m *mutant) Cancel(op *backend.Op) {
	if m.cancel != nil {
		m.cancel(op)
	}
}

func (m *mutant) Close() error {
	if m.leak != nil {
		m.leak()
	}
	return m.Sync.Close()
}

// mutants: the defect, and the part of the suite that must find it.
var mutants = map[string]struct {
	finds string
	make  func(m *mutant)
}{
	"end of file when a read fits exactly": {"transfer/end-of-file", func(m *mutant) {
		m.defect = func(op *backend.Op) { op.EOF = op.Kind == backend.OpRead && op.Err == nil }
	}},
	"no end of file": {"transfer/empty-file", func(m *mutant) {
		m.defect = func(op *backend.Op) { op.EOF = false }
	}},
	"counts one byte too few": {"transfer/large", func(m *mutant) {
		m.defect = func(op *backend.Op) { op.N = max(0, op.N-1) }
	}},
	"spoils a byte": {"transfer/parallel", func(m *mutant) {
		m.defect = func(op *backend.Op) {
			if op.Kind == backend.OpRead && op.N > 0 {
				op.Buf[op.N-1]++
			}
		}
	}},
	"spoils a byte of history": {"history/same-as-sync", func(m *mutant) {
		m.defect = func(op *backend.Op) {
			if op.Kind == backend.OpReadv && op.N > 0 && len(op.Bufs[0]) > 0 {
				op.Bufs[0][0]++
			}
		}
	}},
	"says nothing about the path": {"failure/names", func(m *mutant) {
		m.defect = func(op *backend.Op) {
			if op.Err != nil {
				op.Err = backend.ErrInvalid
			}
		}
	}},
	"loses an error": {"failure/handles", func(m *mutant) {
		m.defect = func(op *backend.Op) { op.Err = nil }
	}},
	"changes the user's data": {"reuse/user", func(m *mutant) {
		m.defect = func(op *backend.Op) { op.User = nil }
	}},
	"changes an input": {"open/flags", func(m *mutant) {
		m.defect = func(op *backend.Op) { op.Off++ }
	}},
	"keeps the slot": {"depth/far-more", func(m *mutant) {
		m.defect = func(op *backend.Op) { op.Slot = 1 }
	}},
	"no chains": {"chain/failing-open", func(m *mutant) {
		m.swap = func(ops []*backend.Op) []*backend.Op {
			for _, op := range ops {
				op.Link = false
			}
			return ops
		}
	}},
	"takes chains of any length": {"invalid/chain-too-long", func(m *mutant) {
		m.swap = func(ops []*backend.Op) []*backend.Op {
			for i, op := range ops {
				op.Link = op.Link && i%backend.MaxChain != 0
			}
			return ops
		}
	}},
	"a finished operation comes back twice": {"depth/bound", func(m *mutant) { m.twice = true }},
	"cancels what is finished": {"cancel/writes", func(m *mutant) {
		m.cancel = func(op *backend.Op) {
			op.N = 0
			op.Fail(backend.ErrCanceled)
		}
	}},
	"leaks a descriptor": {"close/idle", func(m *mutant) {
		m.leak = func() {
			f, _ := os.Open(os.DevNull)
			leaked = append(leaked, f)
		}
	}},
	"leaks a goroutine": {"close/idle", func(m *mutant) { m.leak = func() { go func() { select {} }() } }},
	"no bound": {"depth/bound", func(m *mutant) {
		m.depth = m.Sync.Capabilities().Depth
		m.Sync = backend.NewSync(1 << 20)
	}},
}

// leaked keeps the leaked descriptors from the finaliser.
var leaked []*os.File

// mutantVariable makes TestMutant be a mutant's test.
const mutantVariable = "BACKENDTEST_MUTANT"

func TestMutant(t *testing.T) {
	m, ok := mutants[os.Getenv(mutantVariable)]
	if !ok {
		t.Skip("only for TestSuiteFindsMutants")
	}
	patience = time.Second // the leaks are there to stay
	Run(t, func(t *testing.T, depth int) backend.Backend {
		b := &mutant{Sync: backend.NewSync(depth)}
		m.make(b)
		return b
	})
}

// TestSuiteFindsMutants: the suite can fail. Each mutant runs in a process of
// its own, where the part of the suite that is named must be what fails.
func TestSuiteFindsMutants(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	for name, m := range mutants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(self, "-test.run=^TestMutant$/^"+strings.ReplaceAll(m.finds, "/", "$/^")+"$", "-test.timeout=1m", "-test.short")
			// Not every short random script meets every defect; this one does.
			cmd.Env = append(os.Environ(), mutantVariable+"="+name, seedVariable+"=1")
			cmd.WaitDelay = time.Minute
			out, err := cmd.CombinedOutput()
			require.Error(t, err, "%s", out)
			require.Contains(t, string(out), "--- FAIL: TestMutant/"+m.finds, "%s", out)
		})
	}
}
