package mdbox

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
)

// maxNames bounds how many numbers are tried that turn out to be taken.
const maxNames = 1000

// name gives new files their numbers. Before a file has its name the map knows
// that the number is taken, so that nobody, Dovecot included, ever finds the next
// number in use, wherever this stops.
func (g *group) name(ctx context.Context, m *lockedMap) {
	outs := fresh(g.files())
	for _, out := range outs {
		out.calls.Context = ctx
	}
	for _, failed := range g.store.nameAll(ctx, m, outs) {
		g.failIn(failed.err, failed.out)
	}
}

type nameError struct {
	out *outlet
	err error
}

// nameAll names outlets, and returns those where that failed.
func (s *Store) nameAll(ctx context.Context, m *lockedMap, outs []*outlet) (failed []nameError) {
	for try := 0; len(outs) > 0 && try < maxNames; try++ {
		first, err := m.reserve(ctx, len(outs))
		if err != nil {
			return append(failed, allFailed(outs, err)...)
		}
		errs := make([]error, len(outs))
		var named sync.WaitGroup
		for i, out := range outs {
			named.Go(func() { errs[i] = out.CommitAs(s.layout.message(first+uint32(i), out.alt)) })
		}
		named.Wait()
		var taken []*outlet
		for i, out := range outs {
			switch {
			case errs[i] == nil:
				out.id = first + uint32(i)
				s.outlets.claim(out.id)
			case errors.Is(errs[i], fs.ErrExist):
				taken = append(taken, out)
			default:
				failed = append(failed, nameError{out, fmt.Errorf("mdbox: %w", errs[i])})
			}
		}
		outs = taken
	}
	return append(failed, allFailed(outs, fmt.Errorf("mdbox: %d file numbers are taken that the map does not know", maxNames))...)
}

func allFailed(outs []*outlet, err error) (list []nameError) {
	for _, out := range outs {
		list = append(list, nameError{out, err})
	}
	return list
}

// reserve takes file numbers, and returns the first.
func (m *lockedMap) reserve(ctx context.Context, n int) (uint32, error) {
	highest := m.highestFile()
	if uint64(highest)+uint64(n) > 1<<32-1 {
		return 0, errors.New("mdbox: no file numbers are left")
	}
	var t mailindex.Transaction
	t.SetExtHeader(placeExt, 0, binary.LittleEndian.AppendUint32(nil, highest+uint32(n)))
	return highest + 1, m.append(ctx, &t)
}

// removeUnmapped takes back new files to which the map does not refer.
func (g *group) removeUnmapped(ctx context.Context) {
	mapped := map[*outlet]bool{}
	for _, d := range g.list {
		for _, a := range d.adds {
			mapped[a.out] = mapped[a.out] || d.mapped
		}
	}
	for out, inMap := range mapped {
		if out != nil && out.fresh && out.id != 0 && !inMap {
			// If it stays, it is a file that Verify reports.
			_ = g.store.opts.FS.Remove(ctx, g.store.layout.message(out.id, out.alt))
		}
	}
}
