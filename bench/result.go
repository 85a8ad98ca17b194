package main

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// result is what one job did in one round on one engine.
type result struct {
	ops     int
	bytes   int64
	elapsed time.Duration
	cpu     time.Duration           // user and system
	latency *hdrhistogram.Histogram // nanoseconds
}

// newLatency counts 1 µs to a minute with three digits.
func newLatency() *hdrhistogram.Histogram {
	return hdrhistogram.New(int64(time.Microsecond), int64(time.Minute), 3)
}

func record(h *hdrhistogram.Histogram, d time.Duration) {
	h.RecordValue(min(max(int64(d), int64(time.Microsecond)), int64(time.Minute)))
}

// rate returns operations per second.
func (r result) rate() float64 { return float64(r.ops) / r.elapsed.Seconds() }

// measure runs work and takes its time and CPU time.
func measure(work func(*result) error) (result, error) {
	r := result{latency: newLatency()}
	cpu, begin := cpuTime(), time.Now()
	err := work(&r)
	r.elapsed, r.cpu = time.Since(begin), cpuTime()-cpu
	return r, err
}
