package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ringbox/ringbox/bench/measure"
)

// printGroups prints fio's summary of each group.
func printGroups(w io.Writer, list []measure.Result) {
	groups := map[int][]measure.Result{}
	last := 0
	for _, r := range list {
		groups[r.Group] = append(groups[r.Group], r)
		last = max(last, r.Group)
	}
	for g := range last + 1 {
		if len(groups[g]) == 0 {
			continue
		}
		fmt.Fprintf(w, "\nRun status group %d (all jobs):\n", g)
		for _, d := range []measure.Direction{measure.Read, measure.Write} {
			printGroup(w, d, groups[g])
		}
	}
}

func printGroup(w io.Writer, d measure.Direction, list []measure.Result) {
	var bytes int64
	var low, high float64
	var shortest, longest time.Duration
	for _, r := range list {
		s := r.Dirs[d]
		if s.IOs == 0 {
			continue
		}
		bw := s.Bandwidth()
		if bytes == 0 {
			low, shortest = bw, s.Runtime
		}
		bytes += s.Bytes
		low, high = min(low, bw), max(high, bw)
		shortest, longest = min(shortest, s.Runtime), max(longest, s.Runtime)
	}
	if bytes == 0 || longest == 0 {
		return
	}
	total := float64(bytes) / longest.Seconds()
	fmt.Fprintf(w, "  %5s: bw=%s/s (%s/s), %s/s-%s/s (%s/s-%s/s), io=%s (%s), run=%d-%dmsec\n", strings.ToUpper(d.String()),
		binary(total), metric(total), binary(low), binary(high), metric(low), metric(high),
		binary(float64(bytes)), metric(float64(bytes)), shortest.Milliseconds(), longest.Milliseconds())
}
