package measure

import (
	"math"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Latency is what is known about a set of durations, in nanoseconds.
type Latency struct {
	N            int64
	Min, Max     int64
	Mean, Stddev float64
	Bins         []Bin // by duration
}

// Bin counts the durations that are about as long as NS.
type Bin struct{ NS, Count int64 }

// Percentiles are those that fio reports.
var Percentiles = []float64{1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 99.5, 99.9, 99.95, 99.99}

// Percentile returns a duration that p percent of the durations do not exceed.
func (l Latency) Percentile(p float64) int64 {
	var total int64
	for _, b := range l.Bins {
		total += b.Count
	}
	rank := max(int64(math.Ceil(p/100*float64(total))), 1)
	for _, b := range l.Bins {
		if rank -= b.Count; rank <= 0 {
			return b.NS
		}
	}
	return 0
}

// merge returns both sets as one.
func (l Latency) merge(m Latency) Latency {
	switch {
	case l.N == 0:
		return m
	case m.N == 0:
		return l
	}
	n := l.N + m.N
	sum := Latency{N: n, Min: min(l.Min, m.Min), Max: max(l.Max, m.Max)}
	sum.Mean = (l.Mean*float64(l.N) + m.Mean*float64(m.N)) / float64(n)
	square := func(x Latency) float64 { return float64(x.N) * (x.Stddev*x.Stddev + x.Mean*x.Mean) }
	sum.Stddev = math.Sqrt(max((square(l)+square(m))/float64(n)-sum.Mean*sum.Mean, 0))
	counts := map[int64]int64{}
	for _, b := range slices.Concat(l.Bins, m.Bins) {
		counts[b.NS] += b.Count
	}
	sum.Bins = BinsOf(counts)
	return sum
}

// BinsOf sorts counts by duration.
func BinsOf(counts map[int64]int64) []Bin {
	bins := make([]Bin, 0, len(counts))
	for ns, n := range counts {
		bins = append(bins, Bin{ns, n})
	}
	slices.SortFunc(bins, func(a, b Bin) int { return int(max(min(a.NS-b.NS, 1), -1)) })
	return bins
}

// meter gathers durations. The bins are less than one percent wide; the rest is
// exact.
type meter struct {
	bins            *hdrhistogram.Histogram
	n, low, high    int64
	sum, sumSquares float64
}

const longest = int64(time.Hour)

func (m *meter) record(d time.Duration) {
	ns := min(max(int64(d), 0), longest)
	if m.bins == nil {
		m.bins = hdrhistogram.New(1, longest, 2)
		m.low = ns
	}
	m.bins.RecordValue(ns)
	m.n++
	m.low, m.high = min(m.low, ns), max(m.high, ns)
	m.sum += float64(ns)
	m.sumSquares += float64(ns) * float64(ns)
}

func (m *meter) latency() Latency {
	if m.n == 0 {
		return Latency{}
	}
	l := Latency{N: m.n, Min: m.low, Max: m.high, Mean: m.sum / float64(m.n)}
	l.Stddev = math.Sqrt(max(m.sumSquares/float64(m.n)-l.Mean*l.Mean, 0))
	for _, b := range m.bins.Distribution() {
		if b.Count > 0 {
			l.Bins = append(l.Bins, Bin{b.From, b.Count})
		}
	}
	return l
}
