package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/ringbox/ringbox/bench/fio"
	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/bench/rounds"
)

// Document is the JSON of a run: fio's, and what fio has no key for.
type Document struct {
	fio.Report
	Ringbox *Extra `json:"ringbox,omitempty"`

	file string // it was loaded from
}

// Extra is what fio's JSON has no key for.
type Extra struct {
	Environment measure.Environment `json:"environment"`
	Engines     []string            `json:"engines"`
	Skipped     []string            `json:"skipped,omitempty"`
	Baseline    string              `json:"baseline"`
	Rounds      int                 `json:"rounds"`
	Seed        uint64              `json:"seed"`
	Interrupted bool                `json:"interrupted,omitempty"`
	ColdCache   string              `json:"cold_cache"`
	Comparison  []Row               `json:"comparison"`
	Pairs       []Pair              `json:"pairs"`
}

// Row is one job on one engine; lists have a figure for each round.
type Row struct {
	Job      string             `json:"job"`
	Engine   string             `json:"engine"`
	Workload string             `json:"workload"` // rw, or the mail workload
	Depth    int                `json:"iodepth"`
	Files    int                `json:"nrfiles"`
	NumJobs  int                `json:"numjobs"`
	Block    int64              `json:"bs"`
	Cache    string             `json:"cache"`
	IOPS     []float64          `json:"iops"`
	BW       []float64          `json:"bw_bytes"`
	CPUPerOp []float64          `json:"cpu_ns_per_op"`
	Switches []float64          `json:"ctx_per_op"`
	Flushes  []float64          `json:"flushes_per_op"`
	Lat      map[string]float64 `json:"lat_ns"` // medians of percentiles
	Ratio    float64            `json:"ratio"`
	Low      float64            `json:"ratio_low"`
	High     float64            `json:"ratio_high"`
	Tie      bool               `json:"tie"`
}

// JSON writes fio's JSON; with bins it is fio's json+.
func JSON(w io.Writer, o *rounds.Outcome, bins bool) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(document(o, bins))
}

func document(o *rounds.Outcome, bins bool) Document {
	now := time.Now()
	d := Document{Report: fio.Report{Version: "ringbox", Timestamp: now.Unix(), Millis: now.UnixMilli(), Time: now.Format(time.ANSIC)}}
	for _, engine := range o.Engines {
		for _, r := range entries(o, engine) {
			d.Jobs = append(d.Jobs, jobOf(&r, bins))
		}
	}
	d.Ringbox = extra(o)
	return d
}

func extra(o *rounds.Outcome) *Extra {
	x := &Extra{Environment: o.Environment, Engines: o.Engines, Skipped: o.Skipped, Baseline: o.Baseline,
		Rounds: o.Rounds, Seed: o.Seed, Interrupted: o.Interrupted, ColdCache: o.Dropped, Pairs: pairs(o)}
	for i, s := range o.Specs {
		for _, e := range o.Engines {
			row := Row{Job: s.Name, Engine: e, Workload: s.RW.String(), Depth: s.Depth, Files: s.NrFiles, NumJobs: s.NumJobs, Block: s.BS.Max}
			if s.Workload != "" {
				row.Workload, row.Block = s.Workload, 0
				row.Files = int(o.Typical(e, i).Clones[0].IOs())
			} else if !s.RW.Read {
				row.Block = s.WriteBS.Max
			}
			row.Cache = o.Typical(e, i).Clones[0].Cache
			row.IOPS = o.Values(e, i, (*measure.Result).Rate)
			row.BW = o.Values(e, i, (*measure.Result).Bandwidth)
			row.CPUPerOp = o.Values(e, i, func(r *measure.Result) float64 { return float64(r.CPUPerOp()) })
			row.Switches = o.Values(e, i, (*measure.Result).SwitchesPerOp)
			row.Flushes = o.Values(e, i, (*measure.Result).FlushesPerOp)
			row.Lat = map[string]float64{}
			for _, p := range measure.Percentiles {
				row.Lat[percentile(p)] = measure.Median(o.Values(e, i, func(r *measure.Result) float64 { return float64(r.Lat().Percentile(p)) }))
			}
			ratio := o.Ratio(e, i)
			row.Ratio, row.Low, row.High, row.Tie = ratio.Median, ratio.Low, ratio.High, ratio.Tie()
			x.Comparison = append(x.Comparison, row)
		}
	}
	return x
}

func percentile(p float64) string { return strconv.FormatFloat(p, 'f', 6, 64) }

func jobOf(r *measure.Result, bins bool) fio.Job {
	usr, sys := cpu(r)
	ns, us, ms := classes(r.Lat())
	j := fio.Job{
		Name: r.Name, Group: r.Group, Elapsed: int64(r.Elapsed.Seconds()/float64(max(r.Clones, 1))) + 1, Options: r.Options,
		Read: directionOf(r.Dirs[measure.Read], bins), Write: directionOf(r.Dirs[measure.Write], bins),
		Sync:    fio.SyncDirection{Total: r.Dirs[measure.Sync].IOs, Lat: latOf(r.Dirs[measure.Sync].Lat, true, bins)},
		Runtime: r.Elapsed.Milliseconds(), UserCPU: usr, SysCPU: sys,
		Switches: r.Usage.Switches, Major: r.Usage.MajorFaults, Minor: r.Usage.MinorFaults,
		Depths: map[string]float64{}, Submit: map[string]float64{}, Complete: map[string]float64{},
		LatNS: asMap(ns), LatUS: asMap(us), LatMS: asMap(ms), TargetPC: 100, LatDepth: 1,
	}
	depth, submit, complete := levels(r.Depth), levels(r.Submit), levels(r.Complete)
	for i := range depth {
		j.Depths[fio.Levels[i]], j.Submit[fio.Sizes[i]], j.Complete[fio.Sizes[i]] = depth[i], submit[i], complete[i]
	}
	return j
}

func directionOf(s measure.Stats, bins bool) fio.Direction {
	return fio.Direction{
		Bytes: s.Bytes, KBytes: s.Bytes / 1024, BWBytes: int64(s.Bandwidth()), BW: int64(s.Bandwidth() / 1024),
		IOPS: s.Rate(), Runtime: s.Runtime.Milliseconds(), Total: s.IOs,
		Slat: latOf(s.Slat, false, bins), Clat: latOf(s.Clat, true, bins), Lat: latOf(s.Lat, false, bins),
		BWMin: s.BW.Min, BWMax: s.BW.Max, BWMean: s.BW.Mean, BWDev: s.BW.Dev, BWN: s.BW.N, BWAgg: share(s.BW.N),
		IOMin: s.IOPS.Min, IOMax: s.IOPS.Max, IOMean: s.IOPS.Mean, IODev: s.IOPS.Dev, ION: s.IOPS.N,
	}
}

// share is this entry's percentage of itself: 100 where there are samples.
func share(samples int64) float64 {
	if samples > 0 {
		return 100
	}
	return 0
}

func latOf(l measure.Latency, percentiles, bins bool) fio.Lat {
	out := fio.Lat{Min: l.Min, Max: l.Max, Mean: l.Mean, Stddev: l.Stddev, N: l.N}
	if l.N == 0 {
		return out
	}
	if percentiles {
		out.Percentile = map[string]int64{}
		for _, p := range measure.Percentiles {
			out.Percentile[percentile(p)] = l.Percentile(p)
		}
		if bins {
			out.Bins = map[string]int64{}
			for _, b := range l.Bins {
				out.Bins[fmt.Sprint(b.NS)] += b.Count
			}
		}
	}
	return out
}
