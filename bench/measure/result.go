package measure

import "time"

// Direction is what a request does.
type Direction int

// The directions; a sync is a request as well.
const (
	Read Direction = iota
	Write
	Sync
	directions
)

func (d Direction) String() string { return [...]string{"read", "write", "sync"}[d] }

// Stats is what happened in one direction.
type Stats struct {
	IOs, Bytes      int64
	Runtime         time.Duration
	Slat, Clat, Lat Latency
	BW              Samples // KiB/s
	IOPS            Samples
}

// Rate returns requests per second.
func (s Stats) Rate() float64 { return perSecond(float64(s.IOs), s.Runtime) }

// Bandwidth returns bytes per second.
func (s Stats) Bandwidth() float64 { return perSecond(float64(s.Bytes), s.Runtime) }

func perSecond(n float64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return n / d.Seconds()
}

// Result is what a job, or all its clones together, did in one round.
type Result struct {
	Name    string
	Engine  string
	Detail  string // which backend, and why
	Notes   []string
	Options map[string]string
	Group   int
	Clones  int
	Dirs    [directions]Stats
	Began   time.Time
	Elapsed time.Duration // of all clones together
	Usage   Usage
	Flushes int64 // of the device's cache, by anybody, while it ran
	// Submissions that made 1, 2, up to 4, 8, 16, 32, or more requests in flight.
	Depth [7]int64
	// Submissions and collections of 0, up to 4, 8, 16, 32, 64, or more requests.
	Submit, Complete [7]int64
	Cache            string // state of the page cache at the beginning, in words
	Series           []Sample
}

// IOs returns how many reads and writes there were.
func (r *Result) IOs() int64 { return r.Dirs[Read].IOs + r.Dirs[Write].IOs }

// Rate returns reads and writes per second.
func (r *Result) Rate() float64 { return r.Dirs[Read].Rate() + r.Dirs[Write].Rate() }

// Bandwidth returns bytes read and written per second.
func (r *Result) Bandwidth() float64 { return r.Dirs[Read].Bandwidth() + r.Dirs[Write].Bandwidth() }

// CPUPerOp returns CPU time for each read or write.
func (r *Result) CPUPerOp() time.Duration {
	if r.IOs() == 0 {
		return 0
	}
	return (r.Usage.User + r.Usage.System) / time.Duration(r.IOs())
}

// SwitchesPerOp returns context switches for each read or write.
func (r *Result) SwitchesPerOp() float64 { return float64(r.Usage.Switches) / float64(max(r.IOs(), 1)) }

// FlushesPerOp returns flushes of the device's cache for each read or write.
func (r *Result) FlushesPerOp() float64 { return float64(r.Flushes) / float64(max(r.IOs(), 1)) }

// Lat returns the latencies of reads and writes together.
func (r *Result) Lat() Latency { return r.Dirs[Read].Lat.merge(r.Dirs[Write].Lat) }

// Add adds a clone that ran at the same time.
func (r *Result) Add(o Result) {
	r.Clones += o.Clones
	r.Elapsed += o.Elapsed
	r.Usage = r.Usage.Plus(o.Usage)
	r.Flushes += o.Flushes
	r.Series = append(r.Series, o.Series...)
	for i := range r.Depth {
		r.Depth[i] += o.Depth[i]
		r.Submit[i] += o.Submit[i]
		r.Complete[i] += o.Complete[i]
	}
	for d := range r.Dirs {
		a, b := &r.Dirs[d], o.Dirs[d]
		a.IOs += b.IOs
		a.Bytes += b.Bytes
		a.Runtime = max(a.Runtime, b.Runtime)
		a.Slat, a.Clat, a.Lat = a.Slat.merge(b.Slat), a.Clat.merge(b.Clat), a.Lat.merge(b.Lat)
		a.BW, a.IOPS = a.BW.merge(b.BW), a.IOPS.merge(b.IOPS)
	}
}
