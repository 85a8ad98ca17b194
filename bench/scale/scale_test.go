package scale

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

func options(t *testing.T, format string) Options {
	return Options{Format: format, Backend: fsapi.ThreadPool, Sizes: []int{3, 2500}, Rounds: 2, Repeat: 2, Dir: t.TempDir(), Progress: func(string) {}}
}

// The stores have the messages that they should have, and every operation is
// measured in every round.
func TestRun(t *testing.T) {
	for _, format := range []string{"sdbox", "mdbox"} {
		o := options(t, format)
		stores, err := Run(t.Context(), o)
		require.NoError(t, err)
		require.Len(t, stores, 2)
		fs, err := fsapi.New(fsapi.Options{Backend: fsapi.ThreadPool})
		require.NoError(t, err)
		defer fs.Close()
		for i, s := range stores {
			require.Equal(t, o.Sizes[i], s.Messages)
			require.Positive(t, s.Index)
			for op := range Operations {
				require.Len(t, s.Took[op], 2)
				require.Positive(t, s.Time(op))
			}
			require.NoError(t, with(t.Context(), fs, format, s.root, func(box mailstore.Mailbox) error {
				status, err := box.Status(t.Context())
				require.Equal(t, o.Sizes[i]+o.Rounds*o.Repeat, status.Messages)
				require.Error(t, fetch(t.Context(), box, uint32(status.Messages)+1))
				return err
			}))
		}
		var b bytes.Buffer
		Print(&b, format, stores)
		require.Regexp(t, format+` +fetch one +2500 +\S+ +\d+\.\d\d \(`, b.String())
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := options(t, "mdbox")
	o.Progress = func(string) { cancel() }
	_, err := Run(ctx, o)
	require.ErrorIs(t, err, context.Canceled)

	// What was measured until then comes with the error.
	ctx, cancel = context.WithCancel(t.Context())
	o = options(t, "sdbox")
	o.Progress = func(what string) {
		if strings.Contains(what, "round 2") {
			cancel()
		}
	}
	stores, err := Run(ctx, o)
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, stores, 2)
	require.Len(t, stores[0].Took[0], 1)
}
