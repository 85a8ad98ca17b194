package dboxfmt

import (
	"context"

	"github.com/ringbox/ringbox/fsapi"
)

// waiter is what can be waited for: a file, or what is made of files.
type waiter interface{ Wait(context.Context) error }

// await repeats a call until it says something else than ErrAgain. Without a
// context it does not wait.
func await(ctx context.Context, w waiter, call func() error) error {
	for {
		err := call()
		if err != fsapi.ErrAgain || ctx == nil {
			return err
		}
		if err := w.Wait(ctx); err != nil {
			return err
		}
	}
}
