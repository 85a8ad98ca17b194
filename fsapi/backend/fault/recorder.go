package fault

import (
	"fmt"
	"slices"
	"sync"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// Recorder is a log of operations. It grows until it is cleared.
type Recorder struct {
	mu     sync.Mutex
	open   map[*backend.Op]*Event // in flight; nil until recording begins
	events []Event
	clock  int
	chains int
}

// Event is one operation that came back.
type Event struct {
	Kind          backend.Kind
	Path, NewPath string // Path of the handle if the operation gave none
	Off           int64
	Len           int64 // bytes asked for: of buffers, or Op.Len
	N             int
	EOF           bool
	Err           error

	// Started and Finished are readings of one clock that ticks with every
	// event: when the operation went to the engine, and when it came back.
	Started, Finished int
	// Chain and Member say which operations were linked; a lone one is a
	// chain too.
	Chain, Member int
}

// Before reports whether e is certain to have been over before f began.
func (e Event) Before(f Event) bool {
	return e.Finished < f.Started || e.Chain == f.Chain && e.Member < f.Member
}

func (e Event) String() string {
	s := fmt.Sprintf("[%d-%d] %v %s", e.Started, e.Finished, e.Kind, e.Path)
	if e.NewPath != "" {
		s += " -> " + e.NewPath
	}
	return fmt.Sprintf("%s off=%d len=%d: n=%d err=%v", s, e.Off, e.Len, e.N, e.Err)
}

// Record starts to log the operations that are submitted from now on, and
// returns the log; there is one for each Backend.
func (b *Backend) Record() *Recorder {
	r := &b.record
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		r.open = map[*backend.Op]*Event{}
	}
	return r
}

// Events returns the operations that have come back so far, in the order in
// which they did; only those of these kinds if any are given.
func (r *Recorder) Events(kinds ...backend.Kind) []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(kinds) == 0 {
		return slices.Clone(r.events)
	}
	var events []Event
	for _, e := range r.events {
		if slices.Contains(kinds, e.Kind) {
			events = append(events, e)
		}
	}
	return events
}

// Clear forgets the operations that have come back.
func (r *Recorder) Clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = nil
}

// submitted is told of op's submission as member i of its chain.
func (r *Recorder) submitted(op *backend.Op, path string, i int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		return
	}
	if i == 0 {
		r.chains++
	}
	r.clock++
	r.open[op] = &Event{Kind: op.Kind, Path: path, NewPath: op.NewPath, Off: op.Off, Len: max(op.Len, int64(op.Size())),
		Started: r.clock, Chain: r.chains, Member: i}
}

// executing corrects the start of an operation that was held back, or came
// late in its chain.
func (r *Recorder) executing(op *backend.Op) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.open[op]; e != nil {
		r.clock++
		e.Started = r.clock
	}
}

func (r *Recorder) finished(op *backend.Op) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.open[op]
	if e == nil {
		return // submitted before the recording began
	}
	delete(r.open, op)
	r.clock++
	e.N, e.EOF, e.Err, e.Finished = op.N, op.EOF, op.Err, r.clock
	r.events = append(r.events, *e)
}
