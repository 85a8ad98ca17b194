package simdisk

import (
	"io/fs"
	"time"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// node is a file or a directory.
type node struct {
	number   uint64
	mode     fs.FileMode
	kept     fs.FileMode // the mode that is sure to survive
	gid      int
	modified time.Time

	// Of a directory.
	names, durable map[string]*node
	parent         *node // nil for the root, and when it is removed

	// Of a file.
	content
	links    int
	linkable bool // it has no name yet
	locked   [2]bool
}

func (d *Disk) newNode(mode fs.FileMode) *node {
	d.nodes++
	n := &node{number: d.nodes, mode: mode, kept: mode, modified: d.opts.Now()}
	if mode.IsDir() {
		n.names, n.durable = map[string]*node{}, map[string]*node{}
	}
	return n
}

func (n *node) isDir() bool { return n.mode.IsDir() }

// within reports whether n is dir or somewhere below it.
func (n *node) within(dir *node) bool {
	for ; n != nil; n = n.parent {
		if n == dir {
			return true
		}
	}
	return false
}

func (n *node) info() backend.Info {
	return backend.Info{Size: int64(len(n.data)), Mode: n.mode, ModTime: n.modified,
		Dev: 1, Inode: n.number, Links: n.linkCount(), GID: uint32(n.gid)}
}

// linkCount of a directory is that of its name, its dot, and the two dots in
// those below it.
func (n *node) linkCount() uint64 {
	if !n.isDir() {
		return uint64(n.links)
	}
	if n.number > 1 && n.parent == nil {
		return 0
	}
	count := uint64(2)
	for _, child := range n.names {
		if child.isDir() {
			count++
		}
	}
	return count
}

// entry is a node under a name, as directories list it.
type entry struct {
	name string
	info backend.Info
}

func (e entry) Name() string       { return e.name }
func (e entry) Size() int64        { return e.info.Size }
func (e entry) Mode() fs.FileMode  { return e.info.Mode }
func (e entry) ModTime() time.Time { return e.info.ModTime }
func (e entry) IsDir() bool        { return e.info.Mode.IsDir() }
func (e entry) Sys() any           { return e.info }
