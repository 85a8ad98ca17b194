package report

import (
	"fmt"

	"github.com/ringbox/ringbox/bench/measure"
)

// bounds are the upper ends of fio's classes of latency in each unit.
var bounds = []int64{2, 4, 10, 20, 50, 100, 250, 500, 750, 1000}

// class is a share of the latencies, in percent.
type class struct {
	name    string
	percent float64
}

// classes returns the shares of latencies in ns, us and ms; ms has two more
// classes, "2000" and ">=2000".
func classes(l measure.Latency) (ns, us, ms []class) {
	for _, b := range bounds {
		ns, us, ms = append(ns, class{name: fmt.Sprint(b)}), append(us, class{name: fmt.Sprint(b)}), append(ms, class{name: fmt.Sprint(b)})
	}
	ms = append(ms, class{name: "2000"}, class{name: ">=2000"})
	var total int64
	for _, b := range l.Bins {
		total += b.Count
	}
	for _, b := range l.Bins {
		share := 100 * float64(b.Count) / float64(total)
		switch {
		case b.NS < 1000:
			add(ns, b.NS, share)
		case b.NS < 1_000_000:
			add(us, b.NS/1000, share)
		case b.NS < 1_000_000_000:
			add(ms, b.NS/1_000_000, share)
		case b.NS < 2_000_000_000:
			ms[len(bounds)].percent += share
		default:
			ms[len(bounds)+1].percent += share
		}
	}
	return ns, us, ms
}

func add(to []class, v int64, share float64) {
	for i, b := range bounds {
		if v < b {
			to[i].percent += share
			return
		}
	}
}

func asMap(list []class) map[string]float64 {
	m := make(map[string]float64, len(list))
	for _, c := range list {
		m[c.name] = c.percent
	}
	return m
}

// levels returns shares of the submissions by requests in flight, in percent.
func levels(depth [7]int64) (shares [7]float64) {
	var total int64
	for _, n := range depth {
		total += n
	}
	for i, n := range depth {
		if total > 0 {
			shares[i] = 100 * float64(n) / float64(total)
		}
	}
	return shares
}
