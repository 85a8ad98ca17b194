package scale

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// Operations are what is measured, in this order.
var Operations = []string{"open", "save one", "fetch one"}

// touch opens a store, saves a message, durably, fetches one at random, and
// closes the store. It returns how long each of the Operations took. The INBOX
// has messages with all UIDs from 1 on.
func touch(ctx context.Context, fs *fsapi.FS, format, root string, random *rand.Rand) (took [3]time.Duration, err error) {
	begun := time.Now()
	lap := func(i int) {
		now := time.Now()
		took[i], begun = now.Sub(begun), now
	}
	err = with(ctx, fs, format, root, func(box mailstore.Mailbox) error {
		status, err := box.Status(ctx)
		if err != nil {
			return err
		}
		lap(0)
		if _, err := save(ctx, box, 0, 1, short); err != nil {
			return err
		}
		lap(1)
		err = fetch(ctx, box, 1+random.Uint32N(uint32(status.Messages)))
		lap(2)
		return err
	})
	return took, err
}

func fetch(ctx context.Context, box mailstore.Mailbox, uid uint32) error {
	err := fmt.Errorf("there is no message with UID %d", uid)
	for m, fetchErr := range box.Fetch(ctx, []uint32{uid}, mailstore.FetchOptions{}) {
		if err = fetchErr; err != nil {
			continue
		}
		var body io.Reader
		if body, err = m.Body(ctx); err == nil {
			_, err = io.Copy(io.Discard, body)
		}
		err = errors.Join(err, m.Close())
	}
	return err
}
