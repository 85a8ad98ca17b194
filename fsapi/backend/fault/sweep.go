package fault

import (
	"fmt"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// Sweep injects the rule's fault at operation 0, then at operation 1, and so
// on, until a run has no operation left to hit; of the operations that the
// rule is for, if it is not for all. Each run has a fresh engine.
//
// run does the work on b and checks what came of it: if f.Hits() is 0 the work
// must have succeeded, else the fault's error must have come out, and whatever
// is left must be in order. An error from run ends the sweep and says at which
// operation the fault was. After limit runs Sweep gives up with an error.
func Sweep(limit int, engine func() backend.Backend, rule Rule, run func(b *Backend, f *Fault) error) error {
	for i := range limit {
		b := Wrap(engine())
		at := rule
		at.Skip += i
		f := b.Add(at)
		err := run(b, f)
		if closing := b.Close(); err == nil {
			err = closing
		}
		if err != nil {
			return fmt.Errorf("fault at operation %d: %w", at.Skip, err)
		}
		if f.Matched() <= at.Skip {
			return nil
		}
	}
	return fmt.Errorf("there is an operation left to hit after %d runs", limit)
}
