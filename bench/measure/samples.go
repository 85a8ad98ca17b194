package measure

import (
	"math"
	"time"
)

// Sample is what one direction did in one interval.
type Sample struct {
	At    time.Duration // end of the interval, since the beginning of the job
	Dir   Direction
	IOs   int64
	Bytes int64
	Took  time.Duration // length of the interval
	Lat   time.Duration // mean
	Clone int
}

// Samples sums up a row of figures.
type Samples struct {
	N         int64
	Min, Max  float64
	Mean, Dev float64
}

func samplesOf(values []float64) Samples {
	if len(values) == 0 {
		return Samples{}
	}
	s := Samples{N: int64(len(values)), Min: values[0], Max: values[0]}
	for _, v := range values {
		s.Min, s.Max = min(s.Min, v), max(s.Max, v)
		s.Mean += v / float64(len(values))
	}
	for _, v := range values {
		s.Dev += (v - s.Mean) * (v - s.Mean) / float64(len(values))
	}
	s.Dev = math.Sqrt(s.Dev)
	return s
}

// merge sums up clones: what they do at the same time adds up.
func (s Samples) merge(o Samples) Samples {
	if s.N == 0 || o.N == 0 {
		s.N, s.Min, s.Max, s.Mean, s.Dev = s.N+o.N, s.Min+o.Min, s.Max+o.Max, s.Mean+o.Mean, s.Dev+o.Dev
		return s
	}
	return Samples{s.N + o.N, s.Min + o.Min, s.Max + o.Max, s.Mean + o.Mean, math.Hypot(s.Dev, o.Dev)}
}
