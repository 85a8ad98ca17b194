package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ringbox/ringbox/bench/measure"
)

// line is a row of points in a chart, of one engine.
type line struct {
	engine string
	points []point
}

type point struct{ x, y, low, high float64 }

// scaling groups rows that differ only in one figure, and returns the groups in
// which it has several values.
func scaling(rows []Row, of func(Row) int) map[string][]line {
	groups := map[string]map[string][]point{}
	for _, r := range rows {
		key := fmt.Sprintf("%s, bs %d", r.Workload, r.Block)
		if r.Block == 0 {
			key = r.Workload
		}
		if groups[key] == nil {
			groups[key] = map[string][]point{}
		}
		groups[key][r.Engine] = append(groups[key][r.Engine], pointOf(float64(of(r)), r.IOPS))
	}
	out := map[string][]line{}
	for key, engines := range groups {
		var lines []line
		for engine, points := range engines {
			slices.SortFunc(points, func(a, b point) int { return cmp.Compare(a.x, b.x) })
			if points[0].x < points[len(points)-1].x {
				lines = append(lines, line{engine, points})
			}
		}
		slices.SortFunc(lines, func(a, b line) int { return cmp.Compare(a.engine, b.engine) })
		if len(lines) > 0 {
			out[key] = lines
		}
	}
	return out
}

func pointOf(x float64, values []float64) point {
	if len(values) == 0 {
		return point{x: x}
	}
	return point{x, measure.Median(values), slices.Min(values), slices.Max(values)}
}

// jobs returns the names of the jobs, each once, in order.
func jobs(rows []Row) (names []string) {
	for _, r := range rows {
		if !slices.Contains(names, r.Job) {
			names = append(names, r.Job)
		}
	}
	return names
}

func ofJob(rows []Row, name string) (list []Row) {
	for _, r := range rows {
		if r.Job == name {
			list = append(list, r)
		}
	}
	return list
}
