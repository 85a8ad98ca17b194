package fault

import (
	"strings"
	"time"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// Always as Rule.Times hits every operation that is left.
const Always = -1

// Rule chooses operations and says what happens to them. The zero Rule chooses
// the very next operation. All conditions must hold.
type Rule struct {
	// Kinds are the kinds that the rule is for; empty: all.
	Kinds backend.KindSet

	// Path and Suffix are about the operation's Path, and for renames and
	// links NewPath as well, one of which must be it or end so. Operations on
	// a handle have the path that it was opened with if they give none.
	// Empty: any path.
	Path, Suffix string

	// Match is a further condition. It runs under a lock: it must not call the
	// Backend and not touch op's buffers. path is as for Path above.
	Match func(op *backend.Op, path string) bool

	// Skip is how many operations that match are let through first.
	Skip int

	// Times is how many are hit then: 0 means 1, Always all.
	Times int

	effect effect
}

// effect is what happens to an operation that is hit. The zero effect is
// nothing.
type effect struct {
	hold    bool
	delay   time.Duration
	until   <-chan struct{}
	err     error
	after   bool // err comes after the execution
	limit   int  // if limited, the transfer ends after so many bytes
	limited bool
}

// Kinds returns the set of these kinds.
func Kinds(kinds ...backend.Kind) (set backend.KindSet) {
	for _, k := range kinds {
		set = set.With(k)
	}
	return set
}

// Fail makes the operation fail with cause, without reaching the engine. Only
// a close still happens: its handle is not open afterwards, whatever the error
// says.
func (r Rule) Fail(cause error) Rule {
	r.effect.err, r.effect.after = cause, false
	return r
}

// FailAfter executes the operation and reports it as failed with cause: it has
// happened, and nobody knows. A transfer reports 0 bytes. A file that was
// opened is closed again.
func (r Rule) FailAfter(cause error) Rule {
	r.effect.err, r.effect.after = cause, true
	return r
}

// Short makes a transfer end after n bytes, at least 1, without an error or
// the end of the file, as engines may do: callers must go on from there. Other
// kinds, and transfers that are not longer, are not changed.
func (r Rule) Short(n int) Rule {
	r.effect.limit, r.effect.limited = max(n, 1), true
	return r
}

// FailPartial makes a transfer fail with cause after n bytes, which have been
// transferred; a full disk does that. With n 0, and for other kinds, it is
// Fail; transfers that are not longer than n are not changed.
func (r Rule) FailPartial(n int, cause error) Rule {
	r = r.Fail(cause)
	r.effect.limit, r.effect.limited = max(n, 0), true
	return r
}

// Delay lets d pass before anything else happens to the operation.
func (r Rule) Delay(d time.Duration) Rule {
	r.effect.delay = d
	return r
}

// DelayUntil waits until c is closed before anything else happens to the
// operation.
func (r Rule) DelayUntil(c <-chan struct{}) Rule {
	r.effect.until = c
	return r
}

// Hold keeps the operation until Fault.Release, before anything else happens
// to it. With Fail and the like it is held first, then fails.
func (r Rule) Hold() Rule {
	r.effect.hold = true
	return r
}

// matches reports whether the rule is for op.
func (r *Rule) matches(op *backend.Op, path string) bool {
	if r.Kinds != 0 && !r.Kinds.Has(op.Kind) {
		return false
	}
	names := func(p string) bool {
		return (r.Path == "" || p == r.Path) && strings.HasSuffix(p, r.Suffix)
	}
	twoPaths := op.Kind == backend.OpRename || op.Kind == backend.OpLink
	if !names(path) && !(twoPaths && names(op.NewPath)) {
		return false
	}
	return r.Match == nil || r.Match(op, path)
}
