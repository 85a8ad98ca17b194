package mdbox

import (
	"context"
	"errors"
	"slices"
)

// group is transactions that are committed together. Each gets its own result;
// one that fails does not hold up the others.
type group struct {
	store *Store
	list  []*delivery
	outs  []*outlet // with what the transactions had in memory
}

func (s *Store) deliver(ctx context.Context, list []*delivery) {
	g := &group{store: s, list: list}
	m, err := s.lockMap(ctx)
	if err != nil {
		fail(list, err)
		return
	}
	boxes := s.lockBoxes(ctx, m, list)
	g.write(ctx)
	g.name(ctx, m)
	mapped := g.enterMap(ctx, m)
	boxes.enter(ctx, m)
	g.removeUnmapped(ctx)
	s.unlockBoxes(ctx, boxes)
	_ = s.unlock(ctx, m.Locked) // what is done is done, whatever it says
	for _, out := range g.outs {
		if mapped && out.id != 0 {
			out.release()
		} else {
			out.forget()
		}
	}
}

// write writes what the transactions have in memory, one after the other, so
// that it takes one sync, and syncs files that were there.
func (g *group) write(ctx context.Context) {
	for _, d := range alive(g.list) {
		for i := range d.adds {
			if d.err == nil && d.adds[i].text != nil {
				d.err = g.writeOne(ctx, d, &d.adds[i])
			}
		}
	}
	if err := g.store.syncAppended(ctx, g.outs); err != nil {
		g.failIn(err, g.outs...)
	}
}

func (g *group) writeOne(ctx context.Context, d *delivery, a *add) error {
	n := len(g.outs)
	if n == 0 || g.outs[n-1].Size() >= g.store.opts.RotateSize {
		out, err := g.store.choose(ctx, false)
		if err != nil {
			return err
		}
		g.outs = append(g.outs, out)
	}
	out := g.outs[len(g.outs)-1]
	err := d.writeTo(ctx, out, a, nil)
	if err != nil {
		g.failIn(err, out)
	}
	return err
}

// failIn fails all that have messages in these files.
func (g *group) failIn(err error, outs ...*outlet) {
	for _, d := range alive(g.list) {
		if slices.ContainsFunc(d.adds, func(a add) bool { return slices.Contains(outs, a.out) }) {
			d.err = err
		}
	}
}

// files are those with messages of the transactions that have not failed.
func (g *group) files() (list []*outlet) {
	for _, d := range alive(g.list) {
		for _, a := range d.adds {
			if a.out != nil && !slices.Contains(list, a.out) {
				list = append(list, a.out)
			}
		}
	}
	return list
}

func fail(group []*delivery, err error) {
	for _, d := range group {
		d.err = errors.Join(d.err, err)
	}
}

// alive returns those that have not failed.
func alive(group []*delivery) (list []*delivery) {
	for _, d := range group {
		if d.err == nil {
			list = append(list, d)
		}
	}
	return list
}
