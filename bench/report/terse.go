package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/bench/rounds"
)

// Terse writes one line of version 3 of fio's terse format for each entry. Times
// are in microseconds, bandwidth in KiB/s.
func Terse(w io.Writer, o *rounds.Outcome) {
	for _, engine := range o.Engines {
		for _, r := range entries(o, engine) {
			fmt.Fprintln(w, strings.Join(terse(label(o, &r), &r), ";"))
		}
	}
}

func terse(name string, r *measure.Result) []string {
	f := []string{"3", "ringbox", strings.ReplaceAll(name, ";", ","), fmt.Sprint(r.Group), "0"}
	for _, d := range []measure.Direction{measure.Read, measure.Write} {
		f = append(f, terseDirection(r.Dirs[d])...)
	}
	usr, sys := cpu(r)
	f = append(f, fmt.Sprintf("%f%%", usr), fmt.Sprintf("%f%%", sys), fmt.Sprint(r.Usage.Switches),
		fmt.Sprint(r.Usage.MajorFaults), fmt.Sprint(r.Usage.MinorFaults))
	for _, share := range levels(r.Depth) {
		f = append(f, fmt.Sprintf("%.1f%%", share))
	}
	_, us, ms := classes(r.Lat())
	for _, c := range append(us, ms...) {
		f = append(f, fmt.Sprintf("%.2f%%", c.percent))
	}
	return f
}

func terseDirection(s measure.Stats) []string {
	f := []string{fmt.Sprint(s.Bytes / 1024), fmt.Sprint(int64(s.Bandwidth() / 1024)), fmt.Sprint(int64(s.Rate())),
		fmt.Sprint(s.Runtime.Milliseconds())}
	f = append(f, terseLat(s.Slat)...)
	f = append(f, terseLat(s.Clat)...)
	for _, p := range measure.Percentiles {
		f = append(f, fmt.Sprintf("%f%%=%d", p, s.Clat.Percentile(p)/1000))
	}
	f = append(f, "0%=0", "0%=0", "0%=0") // fio has room for twenty
	f = append(f, terseLat(s.Lat)...)
	return append(f, fmt.Sprintf("%.0f", s.BW.Min), fmt.Sprintf("%.0f", s.BW.Max), fmt.Sprintf("%f%%", share(s.BW.N)),
		fmt.Sprintf("%f", s.BW.Mean), fmt.Sprintf("%f", s.BW.Dev))
}

func terseLat(l measure.Latency) []string {
	return []string{fmt.Sprint(l.Min / 1000), fmt.Sprint(l.Max / 1000), fmt.Sprintf("%f", l.Mean/1000), fmt.Sprintf("%f", l.Stddev/1000)}
}
