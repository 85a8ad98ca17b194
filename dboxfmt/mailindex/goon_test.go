package mailindex

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// A holder that goes on after an error loses nothing that was acknowledged,
// whichever operation has failed.
func TestGoOnAfterAnError(t *testing.T) {
	limits := Limits{RotateMinSize: 300, RotateMaxSize: 300, RotateMinAge: time.Nanosecond, RewriteMin: 1 << 20, RewriteMax: 1 << 20}
	for name, rule := range map[string]fault.Rule{"fails": fault.Rule{}.Fail(syscall.EIO), "fails late": fault.Rule{}.FailAfter(syscall.EIO)} {
		t.Run(name, func(t *testing.T) {
			for at := 0; ; at++ {
				require.Less(t, at, 2000)
				dir := t.TempDir()
				engine := fault.Wrap(backend.NewSync(0))
				fsys, err := fsapi.New(fsapi.Options{Engine: engine, Sync: fsapi.SyncNever, Logger: quiet()})
				require.NoError(t, err)
				x, err := Open(patient(t), fsys, dir, "dovecot.index", Options{Create: true, Limits: limits, Logger: quiet()})
				require.NoError(t, err)
				tx := &Transaction{}
				tx.SetUIDValidity(7)
				tx.Append(Seen)
				require.NoError(t, x.Commit(patient(t), tx))
				// A writer has died in the middle of a record.
				log, err := os.OpenFile(filepath.Join(dir, "dovecot.index.log"), os.O_APPEND|os.O_WRONLY, 0)
				require.NoError(t, err)
				_, err = log.Write([]byte{0x80, 0x80, 0x80, 0x90, 2, 0, 0, 0x10, 9})
				require.NoError(t, err)
				require.NoError(t, log.Close())
				l, err := x.Lock(patient(t))
				require.NoError(t, err)
				hit := rule
				hit.Skip = at
				f := engine.Add(hit)
				acked := 1
				for range 12 {
					tx := &Transaction{}
					tx.Append(Seen)
					if l.Append(patient(t), tx) == nil {
						acked++
					}
					_ = l.Upkeep(patient(t))
				}
				_ = l.Unlock()
				_ = x.Close()
				_ = fsys.Close()
				y, err := Open(patient(t), openFS(t, backend.NewSync(0)), dir, "dovecot.index", Options{Logger: quiet()})
				if y != nil {
					defer y.Close()
				}
				require.NoError(t, err, fmt.Sprintf("fault at operation %d", at))
				require.GreaterOrEqual(t, viewOf(t, y).Count(), acked, "fault at operation %d", at)
				if f.Matched() <= at {
					require.Positive(t, at)
					break
				}
			}
		})
	}
}
