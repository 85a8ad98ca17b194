package simdisk

import (
	"maps"
	"math/rand"
	"slices"
)

// change is some edits of names that happen together.
type change []edit

// edit gives a name in dir to node; nil: nobody has it. was had it before.
type edit struct {
	dir       *node
	name      string
	node, was *node
}

// change makes a change, which the next sync makes durable.
func (d *Disk) change(c ...edit) {
	for i, e := range c {
		c[i].was = e.dir.names[e.name]
	}
	for _, e := range c {
		e.apply(e.dir.names)
		e.dir.modified = d.opts.Now()
		if e.was != nil {
			e.was.links--
			e.was.parent = nil
		}
	}
	for _, e := range c {
		if e.node != nil {
			e.node.links++
			e.node.parent = e.dir
		}
	}
	d.changes = append(d.changes, c)
}

func (e edit) apply(names map[string]*node) {
	if e.node == nil {
		delete(names, e.name)
	} else {
		names[e.name] = e.node
	}
}

// removed reports whether c leaves the directory n without a name.
func (c change) removed(n *node) bool {
	return n != nil && n.isDir() && !slices.ContainsFunc(c, func(e edit) bool { return e.node == n })
}

// sync makes the names in dir durable: the changes that touch it, and what these
// need to have happened before.
func (d *Disk) sync(dir *node) {
	wanted := map[*node]bool{dir: true}
	var taken, left []change
	for _, c := range slices.Backward(d.changes) {
		if !slices.ContainsFunc(c, func(e edit) bool { return wanted[e.dir] }) {
			left = append(left, c)
			continue
		}
		taken = append(taken, c)
		for _, e := range c {
			wanted[e.dir] = true
			if c.removed(e.was) {
				wanted[e.was] = true
			}
		}
	}
	for _, c := range slices.Backward(taken) {
		for _, e := range c {
			e.apply(e.dir.durable)
		}
	}
	slices.Reverse(left)
	d.changes = left
}

// survivingNames returns the names in the directories that a crash leaves, as far
// as they are not what is durable.
func (d *Disk) survivingNames(rng *rand.Rand) map[*node]map[string]*node {
	first, inOrder := rng.Intn(len(d.changes)+1), rng.Intn(2) == 0
	names, lost := map[*node]map[string]*node{}, map[*node]bool{}
	for i, c := range d.changes {
		survives := inOrder && i < first || !inOrder && rng.Intn(2) == 0
		if !survives || c.moves(lost) {
			for _, e := range c {
				lost[e.dir], lost[e.node], lost[e.was] = true, true, true
			}
			continue
		}
		for _, e := range c {
			if names[e.dir] == nil {
				names[e.dir] = maps.Clone(e.dir.durable)
			}
			e.apply(names[e.dir])
		}
	}
	return names
}

// moves reports whether c makes, moves or removes one of these directories.
func (c change) moves(dirs map[*node]bool) bool {
	return slices.ContainsFunc(c, func(e edit) bool {
		return e.node != nil && e.node.isDir() && dirs[e.node] || e.was != nil && e.was.isDir() && dirs[e.was]
	})
}
