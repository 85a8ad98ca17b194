package measure

import (
	"sync"
	"time"
)

// DefaultInterval is how long a sample of bandwidth is.
const DefaultInterval = 500 * time.Millisecond

// Recorder counts the requests of one clone. It may be used from any number of
// goroutines.
type Recorder struct {
	began    time.Time
	ramp     time.Duration
	interval time.Duration
	clone    int

	mu    sync.Mutex
	dirs  [directions]stream
	depth [7]int64
	// by size
	submit, complete [7]int64
	total            int64 // the ramp included
	last             time.Duration
}

// stream is one direction.
type stream struct {
	ios, bytes      int64
	slat, clat, lat meter
	series          []Sample
	current         Sample // the interval under way
	latSum          time.Duration
}

// NewRecorder begins now. Requests that end within ramp are not counted; interval
// is the length of a sample, 0 for the default.
func NewRecorder(ramp, interval time.Duration, clone int) *Recorder {
	if interval <= 0 {
		interval = DefaultInterval
	}
	return &Recorder{began: time.Now(), ramp: ramp, interval: interval, clone: clone}
}

// Now returns the time since the beginning.
func (r *Recorder) Now() time.Duration { return time.Since(r.began) }

// Record counts a request of n bytes that began at begun, had been submitted at
// issued and was done at done, all as Now returns them.
func (r *Recorder) Record(d Direction, n int, begun, issued, done time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total++
	r.last = max(r.last, done)
	if done < r.ramp {
		return
	}
	s := &r.dirs[d]
	s.ios++
	s.bytes += int64(n)
	if issued > begun {
		s.slat.record(issued - begun)
	}
	s.clat.record(done - issued)
	s.lat.record(done - begun)
	s.sample(d, r, n, done-begun, done)
}

// Op counts a request without a submission of its own, that began at begun and
// is done now.
func (r *Recorder) Op(d Direction, n int, begun time.Duration) {
	r.Record(d, n, begun, begun, r.Now())
}

// Submitted counts a submission of n requests that made inFlight of them.
func (r *Recorder) Submitted(n, inFlight int) {
	r.mu.Lock()
	r.depth[level(inFlight, 1)]++
	r.submit[sizeLevel(n)]++
	r.mu.Unlock()
}

// Completed counts a collection of n requests.
func (r *Recorder) Completed(n int) {
	r.mu.Lock()
	r.complete[sizeLevel(n)]++
	r.mu.Unlock()
}

// level returns the class of n: the first has numbers up to first, each of the
// others twice as many, the last all that is left.
func level(n, first int) int {
	level := 0
	for bound := first; n > bound && level < 6; bound *= 2 {
		level++
	}
	return level
}

// sizeLevel has a class for 0, and then up to 4, 8 and so on.
func sizeLevel(n int) int {
	if n == 0 {
		return 0
	}
	return min(1+level(n, 4), 6)
}

// Total returns how many requests have ended so far, for a progress line.
func (r *Recorder) Total() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.total
}

func (s *stream) sample(d Direction, r *Recorder, n int, lat, at time.Duration) {
	if began := s.current.At; at-began >= r.interval && s.current.IOs > 0 || began == 0 {
		s.endSample(r, d, at)
	}
	s.current.IOs++
	s.current.Bytes += int64(n)
	s.latSum += lat
}

// endSample closes the interval under way at the time at, and begins another.
func (s *stream) endSample(r *Recorder, d Direction, at time.Duration) {
	if c := s.current; c.IOs > 0 {
		c.Took, c.Lat = at-c.At, s.latSum/time.Duration(c.IOs)
		c.At, c.Dir, c.Clone = at, d, r.clone
		if c.Took > 0 {
			s.series = append(s.series, c)
		}
	} else if s.current.At == 0 {
		at = max(r.ramp, 1)
	}
	s.current, s.latSum = Sample{At: at}, 0
}

// Result sums up. The clone ended at the last request.
func (r *Recorder) Result() Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	res := Result{Clones: 1, Depth: r.depth, Submit: r.submit, Complete: r.complete, Began: r.began, Elapsed: r.last}
	runtime := max(r.last-r.ramp, 0)
	for d := range r.dirs {
		s := &r.dirs[d]
		if s.ios == 0 {
			continue
		}
		s.endSample(r, Direction(d), r.last)
		res.Dirs[d] = Stats{IOs: s.ios, Bytes: s.bytes, Runtime: runtime,
			Slat: s.slat.latency(), Clat: s.clat.latency(), Lat: s.lat.latency()}
		res.Dirs[d].BW, res.Dirs[d].IOPS = summaries(s.series)
		res.Series = append(res.Series, s.series...)
	}
	return res
}

func summaries(series []Sample) (bw, iops Samples) {
	var b, i []float64
	for _, s := range series {
		b = append(b, float64(s.Bytes)/1024/s.Took.Seconds())
		i = append(i, float64(s.IOs)/s.Took.Seconds())
	}
	return samplesOf(b), samplesOf(i)
}
