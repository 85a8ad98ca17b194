package rounds

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/bench/job"
	"github.com/ringbox/ringbox/bench/mail"
	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/bench/workload"
)

// forgetful is a store that says yes to every mail and keeps none.
type forgetful struct{ workload.Store }

func (forgetful) Deliver(_ context.Context, mails []mail.Message, _ int, done func(int, time.Time)) error {
	for i := range mails {
		done(i, time.Now())
	}
	return nil
}
func (forgetful) Count(context.Context) (int, error) { return 0, nil }
func (forgetful) Usage() measure.Usage               { return measure.Usage{} }
func (forgetful) Serve(context.Context) error        { return nil }
func (forgetful) Close() error                       { return nil }

// What was done is checked before it counts; and another store is one entry of
// Stores.
func TestLostMailEndsTheRun(t *testing.T) {
	workload.Stores["forgetful"] = workload.Maker{
		Ready: func(context.Context, string, string) error { return nil },
		Open:  func(context.Context, string, string, string) (workload.Store, error) { return forgetful{}, nil },
	}
	t.Cleanup(func() { delete(workload.Stores, "forgetful") })
	specs, err := job.Parse("x.fio", strings.NewReader("[m]\nworkload=mail-deliver\nnrfiles=5\ndirectory="+t.TempDir()))
	require.NoError(t, err)
	specs[0].Engines = []string{"forgetful:sdbox"}
	_, err = Run(t.Context(), Options{Specs: specs})
	require.ErrorContains(t, err, "0 messages of 5")
}
