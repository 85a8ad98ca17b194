package fault

import (
	"slices"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// Fault is a rule at work. Its methods may be called at any time from any
// goroutine.
type Fault struct {
	b    *Backend
	rule Rule

	// Guarded by b.mu.
	matched, chosen, hits int

	reached, released chan struct{} // closed at the first hit; by Release
}

// Add puts a rule behind those that are there already. A rule without an
// effect only counts.
func (b *Backend) Add(r Rule) *Fault {
	f := &Fault{b: b, rule: r, reached: make(chan struct{}), released: make(chan struct{})}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = append(b.faults, f)
	return f
}

// Matched returns how many operations the rule was for, those included that it
// let through.
func (f *Fault) Matched() int {
	f.b.mu.Lock()
	defer f.b.mu.Unlock()
	return f.matched
}

// Hits returns how many operations the fault has happened to. It counts them
// when their turn comes, so not those that were cancelled because an earlier
// member of their chain failed.
func (f *Fault) Hits() int {
	f.b.mu.Lock()
	defer f.b.mu.Unlock()
	return f.hits
}

// Reached returns a channel that is closed at the first hit: a test waits for
// an operation to be held.
func (f *Fault) Reached() <-chan struct{} { return f.reached }

// Release lets the operations go that the rule holds, now and later.
func (f *Fault) Release() {
	f.b.mu.Lock()
	defer f.b.mu.Unlock()
	f.release()
}

func (f *Fault) release() {
	select {
	case <-f.released:
	default:
		close(f.released)
	}
}

// Remove releases what the rule holds and takes the rule out: it hits nothing
// that is submitted later.
func (f *Fault) Remove() {
	f.b.mu.Lock()
	defer f.b.mu.Unlock()
	f.release()
	f.b.faults = slices.DeleteFunc(f.b.faults, func(g *Fault) bool { return f == g })
}

// chooses reports whether op is one of those to be hit. b.mu is held.
func (f *Fault) chooses(op *backend.Op, path string) bool {
	if !f.rule.matches(op, path) {
		return false
	}
	f.matched++
	left := f.rule.Times == Always || f.chosen < max(f.rule.Times, 1)
	if f.matched <= f.rule.Skip || !left {
		return false
	}
	f.chosen++
	return true
}

// hit counts an operation whose turn has come.
func (f *Fault) hit() {
	f.b.mu.Lock()
	defer f.b.mu.Unlock()
	if f.hits++; f.hits == 1 {
		close(f.reached)
	}
}
