package mdbox

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/ringbox/ringbox/fsapi"
)

// commit makes a transaction durable; see the package comment for the order of
// the steps.
func (s *Store) commit(ctx context.Context, t *transaction) ([]uint32, error) {
	d := &delivery{transaction: t, turn: make(chan bool, 1)}
	err := s.syncAppended(ctx, t.outs)
	if err == nil {
		err = s.queue.join(ctx, d, func(group []*delivery) {
			// The others must not fail because this one's context ends.
			s.deliver(context.WithoutCancel(ctx), group)
		})
	}
	for _, out := range t.outs {
		if err == nil {
			out.release()
		} else {
			out.forget()
		}
	}
	if err != nil {
		return nil, err
	}
	return d.uids, nil
}

// syncAppended puts what was appended to existing files on the device. New files
// are synced when they get their names.
func (s *Store) syncAppended(ctx context.Context, outs []*outlet) error {
	var files []*fsapi.File
	for _, out := range outs {
		out.calls.Context = ctx
		if err := out.Flush(); err != nil {
			return fmt.Errorf("mdbox: %w", err)
		}
		if !out.fresh {
			files = append(files, out.File())
		}
	}
	if len(files) == 0 {
		return nil
	}
	if err := s.opts.FS.CommitAll(ctx, files...); err != nil {
		return fmt.Errorf("mdbox: %w", err)
	}
	for _, out := range outs {
		if !out.fresh {
			out.Committed()
		}
	}
	return nil
}

// saveTime is a time as a mailbox index has it.
func saveTime(t time.Time) uint32 { return uint32(max(0, min(t.Unix(), math.MaxUint32))) }
