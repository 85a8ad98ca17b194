//go:build linux && (amd64 || arm64)

package uring

import (
	"slices"
	"sync"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// maxHelpers bounds the goroutines of the helper pool.
const maxHelpers = 16

// helperPool executes what the ring cannot, with system calls that may block.
// Its goroutines exist only while there is work.
type helperPool struct {
	limit   int
	mu      sync.Mutex
	queue   []helperJob
	running int
	gone    sync.WaitGroup
}

// helperJob is an operation to execute, or an open that only lacks the
// permissions of the file fd.
type helperJob struct {
	s  *shard
	f  *flight
	fd int // -1: none
}

// help hands f to the pool.
func (s *shard) help(f *flight, fd int) {
	f.helped = true
	s.stats.Helped++
	s.engine.helpers.add(helperJob{s, f, fd})
}

func (p *helperPool) add(j helperJob) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = append(p.queue, j)
	if p.running < p.limit {
		p.running++
		p.gone.Go(p.work)
	}
}

func (p *helperPool) work() {
	for {
		p.mu.Lock()
		if len(p.queue) == 0 {
			p.running--
			p.mu.Unlock()
			return
		}
		j := p.queue[0]
		p.queue = slices.Delete(p.queue, 0, 1)
		p.mu.Unlock()
		j.do()
	}
}

// remove takes f out of the queue, and reports false if its execution has
// begun. An open that has succeeded stays.
func (p *helperPool) remove(f *flight) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := len(p.queue)
	p.queue = slices.DeleteFunc(p.queue, func(j helperJob) bool { return j.f == f && j.fd < 0 })
	return len(p.queue) < before
}

func (j helperJob) do() {
	op := j.f.op // stays until it is settled below
	if lostItsFile(j.f) {
		readAgain(op)
	} else if j.fd < 0 {
		backend.Execute(op)
	} else if err := backend.Opened(op, j.fd); err != nil {
		op.Fail(err)
	}
	s := j.s
	s.mu.Lock()
	s.quiet()
	j.f.helped = false
	s.settle(j.f)
	s.drive()
	s.unlock()
}
