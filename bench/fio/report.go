package fio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/ringbox/ringbox/bench/measure"
)

// Report is fio's JSON, as far as it is used here. The same type writes the
// reports of this program.
type Report struct {
	Version   string            `json:"fio version"`
	Timestamp int64             `json:"timestamp"`
	Millis    int64             `json:"timestamp_ms"`
	Time      string            `json:"time"`
	Global    map[string]string `json:"global options,omitempty"`
	Jobs      []Job             `json:"jobs"`
}

// Job is one entry of jobs.
type Job struct {
	Name     string             `json:"jobname"`
	Group    int                `json:"groupid"`
	Error    int                `json:"error"`
	ETA      int64              `json:"eta"`
	Elapsed  int64              `json:"elapsed"` // seconds
	Options  map[string]string  `json:"job options"`
	Read     Direction          `json:"read"`
	Write    Direction          `json:"write"`
	Trim     Direction          `json:"trim"`
	Sync     SyncDirection      `json:"sync"`
	Runtime  int64              `json:"job_runtime"` // ms, of all clones together
	UserCPU  float64            `json:"usr_cpu"`     // percent
	SysCPU   float64            `json:"sys_cpu"`
	Switches int64              `json:"ctx"`
	Major    int64              `json:"majf"`
	Minor    int64              `json:"minf"`
	Depths   map[string]float64 `json:"iodepth_level"`
	Submit   map[string]float64 `json:"iodepth_submit"`
	Complete map[string]float64 `json:"iodepth_complete"`
	LatNS    map[string]float64 `json:"latency_ns"`
	LatUS    map[string]float64 `json:"latency_us"`
	LatMS    map[string]float64 `json:"latency_ms"`
	LatDepth int                `json:"latency_depth"`
	Target   int64              `json:"latency_target"`
	TargetPC float64            `json:"latency_percentile"`
	Window   int64              `json:"latency_window"`
}

// Direction is read, write or trim.
type Direction struct {
	Bytes   int64   `json:"io_bytes"`
	KBytes  int64   `json:"io_kbytes"`
	BWBytes int64   `json:"bw_bytes"`
	BW      int64   `json:"bw"` // KiB/s
	IOPS    float64 `json:"iops"`
	Runtime int64   `json:"runtime"` // ms
	Total   int64   `json:"total_ios"`
	Short   int64   `json:"short_ios"`
	Dropped int64   `json:"drop_ios"`
	Slat    Lat     `json:"slat_ns"`
	Clat    Lat     `json:"clat_ns"`
	Lat     Lat     `json:"lat_ns"`
	BWMin   float64 `json:"bw_min"`
	BWMax   float64 `json:"bw_max"`
	BWAgg   float64 `json:"bw_agg"`
	BWMean  float64 `json:"bw_mean"`
	BWDev   float64 `json:"bw_dev"`
	BWN     int64   `json:"bw_samples"`
	IOMin   float64 `json:"iops_min"`
	IOMax   float64 `json:"iops_max"`
	IOMean  float64 `json:"iops_mean"`
	IODev   float64 `json:"iops_stddev"`
	ION     int64   `json:"iops_samples"`
}

// SyncDirection is sync.
type SyncDirection struct {
	Total int64 `json:"total_ios"`
	Lat   Lat   `json:"lat_ns"`
}

// Lat is a set of latencies in nanoseconds.
type Lat struct {
	Min        int64            `json:"min"`
	Max        int64            `json:"max"`
	Mean       float64          `json:"mean"`
	Stddev     float64          `json:"stddev"`
	N          int64            `json:"N"`
	Percentile map[string]int64 `json:"percentile,omitempty"`
	Bins       map[string]int64 `json:"bins,omitempty"`
}

// Decode reads fio's JSON; fio may print notes before it.
func Decode(text []byte) (*Report, error) {
	begin := bytes.IndexByte(text, '{')
	if begin < 0 {
		return nil, fmt.Errorf("%w: no JSON in it", ErrReport)
	}
	var r Report
	if err := json.Unmarshal(text[begin:], &r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrReport, err)
	}
	return &r, nil
}

// Parse reads fio's JSON as results.
func Parse(text []byte) ([]measure.Result, error) {
	r, err := Decode(text)
	if err != nil {
		return nil, err
	}
	var all []measure.Result
	for _, j := range r.Jobs {
		if j.Error != 0 {
			return nil, fmt.Errorf("fio: job %q ended with error %d", j.Name, j.Error)
		}
		all = append(all, j.result())
	}
	return all, nil
}

func (j Job) result() measure.Result {
	elapsed := time.Duration(j.Runtime) * time.Millisecond
	res := measure.Result{Name: j.Name, Clones: 1, Group: j.Group, Options: j.Options, Elapsed: elapsed}
	res.Usage = measure.Usage{
		User: time.Duration(j.UserCPU / 100 * float64(elapsed)), System: time.Duration(j.SysCPU / 100 * float64(elapsed)),
		Switches: j.Switches, MajorFaults: j.Major, MinorFaults: j.Minor,
	}
	res.Dirs[measure.Read], res.Dirs[measure.Write] = j.Read.stats(), j.Write.stats()
	res.Dirs[measure.Sync] = measure.Stats{IOs: j.Sync.Total, Lat: j.Sync.Lat.latency(), Clat: j.Sync.Lat.latency()}
	total := float64(max(res.IOs(), 1))
	for i := range Levels {
		res.Depth[i] = int64(j.Depths[Levels[i]] / 100 * total)
		res.Submit[i] = int64(j.Submit[Sizes[i]] / 100 * total)
		res.Complete[i] = int64(j.Complete[Sizes[i]] / 100 * total)
	}
	return res
}

// Levels are fio's classes of requests in flight, Sizes those of submissions and
// collections.
var (
	Levels = []string{"1", "2", "4", "8", "16", "32", ">=64"}
	Sizes  = []string{"0", "4", "8", "16", "32", "64", ">=64"}
)

func (d Direction) stats() measure.Stats {
	return measure.Stats{
		IOs: d.Total, Bytes: d.Bytes, Runtime: time.Duration(d.Runtime) * time.Millisecond,
		Slat: d.Slat.latency(), Clat: d.Clat.latency(), Lat: d.Lat.latency(),
		BW:   measure.Samples{N: d.BWN, Min: d.BWMin, Max: d.BWMax, Mean: d.BWMean, Dev: d.BWDev},
		IOPS: measure.Samples{N: d.ION, Min: d.IOMin, Max: d.IOMax, Mean: d.IOMean, Dev: d.IODev},
	}
}

// latency reads a set of latencies. Where there are no bins (plain JSON), the
// percentiles stand for them.
func (l Lat) latency() measure.Latency {
	out := measure.Latency{N: l.N, Min: l.Min, Max: l.Max, Mean: l.Mean, Stddev: l.Stddev}
	counts := map[int64]int64{}
	for text, n := range l.Bins {
		if ns, err := strconv.ParseInt(text, 10, 64); err == nil {
			counts[ns] += n
		}
	}
	if len(counts) == 0 {
		l.fromPercentiles(counts)
	}
	out.Bins = measure.BinsOf(counts)
	return out
}

func (l Lat) fromPercentiles(counts map[int64]int64) {
	var before float64
	var order []float64
	for text := range l.Percentile {
		if p, err := strconv.ParseFloat(text, 64); err == nil {
			order = append(order, p)
		}
	}
	slices.Sort(order)
	for _, p := range order {
		counts[l.Percentile[strconv.FormatFloat(p, 'f', 6, 64)]] += int64((p-before)*1e4 + 0.5)
		before = p
	}
}
