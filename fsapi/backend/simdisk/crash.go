package simdisk

import (
	"maps"
	"math/rand"
	"slices"
)

// AfterCrash returns a disk with what is left when the power goes now, or has
// gone, and comes back. What was not synced survives as seed wants it. The new
// disk has the options of the old one, and the same seed, but no cut is coming;
// everything on it is durable. The old disk stays as it is: other seeds give
// other survivors.
func (d *Disk) AfterCrash(seed int64) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	rng := rand.New(rand.NewSource(seed))
	names := d.survivingNames(rng)
	return d.rebuilt(func(dir *node) map[string]*node {
		if changed, ok := names[dir]; ok {
			return changed
		}
		return dir.durable
	}, func(n *node) {
		n.data = n.crashed(rng, d.opts.Ordered)
		if rng.Intn(2) == 0 {
			n.mode = n.kept
		}
	})
}

// Copy returns a disk with everything that is here now, as if all had been
// synced: to begin many runs from one state, or to open what was closed.
func (d *Disk) Copy() *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rebuilt(func(dir *node) map[string]*node { return dir.names }, func(*node) {})
}

// rebuilt returns a disk with the directories as names has them and files that
// have been through remains.
func (d *Disk) rebuilt(names func(dir *node) map[string]*node, remains func(file *node)) *Disk {
	opts := d.opts
	opts.Dirs = nil
	r := rebuilding{New(opts), names, remains, map[*node]*node{}}
	r.nodes = d.nodes
	r.fill(r.root, d.root)
	return r.Disk
}

type rebuilding struct {
	*Disk
	names   func(dir *node) map[string]*node
	remains func(file *node)
	done    map[*node]*node // old to new
}

// fill gives the directory dir what the old one holds. The order decides about
// chance, hence is always the same.
func (r *rebuilding) fill(dir, old *node) {
	names := r.names(old)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		was := names[name]
		n := r.done[was]
		if n != nil && n.isDir() {
			continue // a directory has one name
		}
		if n == nil {
			n = r.moved(was)
		}
		n.links++
		dir.names[name], dir.durable[name] = n, n
		if n.isDir() {
			n.parent = dir
			r.fill(n, was)
		}
	}
}

// moved returns old for the new disk, a directory without names in it.
func (r *rebuilding) moved(old *node) *node {
	n := &node{number: old.number, mode: old.mode, kept: old.kept, gid: old.gid, modified: old.modified}
	r.done[old] = n
	if n.isDir() {
		n.names, n.durable = map[string]*node{}, map[string]*node{}
		return n
	}
	n.content = old.content
	r.remains(n)
	n.kept = n.mode
	n.data = slices.Clone(n.data)
	n.content = content{data: n.data}
	n.sync()
	return n
}
