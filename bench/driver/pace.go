package driver

import (
	"time"

	"github.com/ringbox/ringbox/bench/job"
)

// pace says when the next request of a direction may begin: rate and rate_iops.
type pace struct {
	spec  *job.Spec
	bytes [2]int64
	ios   [2]int64
}

// due returns the time since the beginning at which the next request may go.
func (p *pace) due(dir int) time.Duration {
	var at time.Duration
	if r := p.spec.Rate[dir]; r > 0 {
		at = time.Duration(float64(p.bytes[dir]) / float64(r) * float64(time.Second))
	}
	if r := p.spec.RateIOPS[dir]; r > 0 {
		at = max(at, time.Duration(float64(p.ios[dir])/float64(r)*float64(time.Second)))
	}
	return at
}

func (p *pace) took(dir, n int) {
	p.bytes[dir] += int64(n)
	p.ios[dir]++
}
