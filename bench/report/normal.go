package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ringbox/ringbox/bench/fio"
	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/bench/rounds"
)

// Normal prints everything for people.
func Normal(w io.Writer, o *rounds.Outcome) {
	printEnvironment(w, o)
	for _, e := range o.Engines {
		list := entries(o, e)
		for i := range list {
			printEntry(w, label(o, &list[i]), &list[i])
		}
		printGroups(w, list)
	}
	printComparison(w, o)
}

func printEnvironment(w io.Writer, o *rounds.Outcome) {
	for _, line := range o.Environment.Lines() {
		fmt.Fprintln(w, line)
	}
	fmt.Fprintf(w, "cold cache  by %s\n", o.Dropped)
	for _, s := range o.Skipped {
		fmt.Fprintf(w, "skipped     %s\n", s)
	}
	if o.Interrupted {
		fmt.Fprintln(w, "interrupted what follows is what was measured until then; a round may have been cut short")
	}
	fmt.Fprintf(w, "rounds      %d of %s, in random order, seed %d\n", o.Rounds, strings.Join(o.Engines, ", "), o.Seed)
}

func printEntry(w io.Writer, name string, r *measure.Result) {
	fmt.Fprintf(w, "\n%s: (groupid=%d, jobs=%d): err= 0: %s\n", name, r.Group, r.Clones, r.Began.Format(time.ANSIC))
	fmt.Fprintf(w, "  ioengine=%s", r.Engine)
	if r.Detail != "" {
		fmt.Fprintf(w, " (%s)", r.Detail)
	}
	fmt.Fprintf(w, ", page cache at the beginning: %s\n", r.Cache)
	for _, note := range r.Notes {
		fmt.Fprintf(w, "  note: %s\n", note)
	}
	for _, d := range []measure.Direction{measure.Read, measure.Write} {
		if s := r.Dirs[d]; s.IOs > 0 {
			printDirection(w, d, s)
		}
	}
	printSyncs(w, r.Dirs[measure.Sync])
	printClasses(w, r.Lat())
	usr, sys := cpu(r)
	fmt.Fprintf(w, "  cpu          : usr=%.2f%%, sys=%.2f%%, ctx=%d, majf=%d, minf=%d\n",
		usr, sys, r.Usage.Switches, r.Usage.MajorFaults, r.Usage.MinorFaults)
	printLevels(w, "  IO depths    : ", fio.Levels, r.Depth)
	printLevels(w, "     submit    : ", fio.Sizes, r.Submit)
	printLevels(w, "     complete  : ", fio.Sizes, r.Complete)
	fmt.Fprintf(w, "     issued rwts: total=%d,%d,0,%d short=0,0,0,0 dropped=0,0,0,0\n",
		r.Dirs[measure.Read].IOs, r.Dirs[measure.Write].IOs, r.Dirs[measure.Sync].IOs)
}

func printLevels(w io.Writer, title string, names []string, counts [7]int64) {
	var shares []string
	for i, share := range levels(counts) {
		shares = append(shares, fmt.Sprintf("%s=%.1f%%", names[i], share))
	}
	fmt.Fprintln(w, title+strings.Join(shares, ", "))
}

// cpu returns user and system time in percent of the clones' time.
func cpu(r *measure.Result) (usr, sys float64) {
	if r.Elapsed <= 0 {
		return 0, 0
	}
	return 100 * float64(r.Usage.User) / float64(r.Elapsed), 100 * float64(r.Usage.System) / float64(r.Elapsed)
}

func printDirection(w io.Writer, d measure.Direction, s measure.Stats) {
	fmt.Fprintf(w, "  %s: IOPS=%s, BW=%s/s (%s/s)(%s/%dmsec)\n", d, count(s.Rate()),
		binary(s.Bandwidth()), metric(s.Bandwidth()), binary(float64(s.Bytes)), s.Runtime.Milliseconds())
	for _, l := range []struct {
		name string
		lat  measure.Latency
	}{{"slat", s.Slat}, {"clat", s.Clat}, {" lat", s.Lat}} {
		if l.lat.N > 0 {
			unit, ns := unitOf(l.lat)
			fmt.Fprintf(w, "    %s (%s): min=%s, max=%s, avg=%.2f, stdev=%.2f\n", l.name, unit,
				count(float64(l.lat.Min)/ns), count(float64(l.lat.Max)/ns), l.lat.Mean/ns, l.lat.Stddev/ns)
		}
	}
	printPercentiles(w, "clat", s.Clat)
	printSamples(w, "bw (  KiB/s)", s.BW)
	printSamples(w, "iops        ", s.IOPS)
}

func printPercentiles(w io.Writer, name string, l measure.Latency) {
	unit, ns := unitOf(l)
	fmt.Fprintf(w, "    %s percentiles (%s):\n", name, unit)
	for i, p := range measure.Percentiles {
		if i%4 == 0 {
			fmt.Fprint(w, "     |")
		}
		fmt.Fprintf(w, " %5.2fth=[%5.0f]", p, float64(l.Percentile(p))/ns)
		if i%4 == 3 || i == len(measure.Percentiles)-1 {
			fmt.Fprintln(w)
		} else {
			fmt.Fprint(w, ",")
		}
	}
}

func printSamples(w io.Writer, name string, s measure.Samples) {
	if s.N > 0 {
		fmt.Fprintf(w, "   %s: min=%5.0f, max=%5.0f, avg=%.2f, stdev=%.2f, samples=%d\n", name, s.Min, s.Max, s.Mean, s.Dev, s.N)
	}
}

func printSyncs(w io.Writer, s measure.Stats) {
	if s.IOs == 0 {
		return
	}
	unit, ns := unitOf(s.Lat)
	fmt.Fprintf(w, "  fsync/fdatasync: %d\n    sync (%s): min=%s, max=%s, avg=%.2f, stdev=%.2f\n", s.IOs, unit,
		count(float64(s.Lat.Min)/ns), count(float64(s.Lat.Max)/ns), s.Lat.Mean/ns, s.Lat.Stddev/ns)
	printPercentiles(w, "sync", s.Lat)
}

func printClasses(w io.Writer, l measure.Latency) {
	ns, us, ms := classes(l)
	for _, unit := range []struct {
		name string
		list []class
	}{{"nsec", ns}, {"usec", us}, {"msec", ms}} {
		var parts []string
		for _, c := range unit.list {
			if c.percent >= 0.005 {
				sign := "="
				if strings.HasPrefix(c.name, ">") {
					sign = ""
				}
				parts = append(parts, fmt.Sprintf("%s%s%.2f%%", c.name, sign, c.percent))
			}
		}
		if len(parts) > 0 {
			fmt.Fprintf(w, "  lat (%s)   : %s\n", unit.name, strings.Join(parts, ", "))
		}
	}
}
