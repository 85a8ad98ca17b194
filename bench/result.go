package main

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/ringbox/ringbox/bench/measure"
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

// timed runs work and takes its time and CPU time.
func timed(work func(*result) error) (result, error) {
	r := result{latency: newLatency()}
	before, begin := measure.Process(), time.Now()
	err := work(&r)
	r.elapsed = time.Since(begin)
	usage := measure.Process().Since(before)
	r.cpu = usage.User + usage.System
	return r, err
}

// count counts one operation of n bytes that has just ended.
func (r *result) count(n int, begun time.Time) {
	record(r.latency, time.Since(begun))
	r.ops++
	r.bytes += int64(n)
}
