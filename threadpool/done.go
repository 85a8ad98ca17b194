package threadpool

import "github.com/ringbox/ringbox/fsapi/backend"

// doneList is a fixed ring of finished operations, in the order in which they
// finished. It has room for every operation in flight.
type doneList struct {
	ring  []*backend.Op
	first int
	n     int
}

func (d *doneList) add(op *backend.Op) {
	i := d.first + d.n
	if i >= len(d.ring) {
		i -= len(d.ring)
	}
	d.ring[i] = op
	d.n++
}

// take removes the oldest; there is one.
func (d *doneList) take() *backend.Op {
	op := d.ring[d.first]
	d.ring[d.first] = nil
	if d.first++; d.first == len(d.ring) {
		d.first = 0
	}
	d.n--
	return op
}
