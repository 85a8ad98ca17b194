package measure

import (
	"fmt"
	"slices"
)

// Ratios compares one engine with the baseline, round by round.
type Ratios struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

// Compare returns the ratios of a to b; both have a value for each round.
func Compare(a, b []float64) Ratios {
	var ratios []float64
	for i := range min(len(a), len(b)) {
		if b[i] > 0 {
			ratios = append(ratios, a[i]/b[i])
		}
	}
	if len(ratios) == 0 {
		return Ratios{}
	}
	slices.Sort(ratios)
	return Ratios{Median(ratios), ratios[0], ratios[len(ratios)-1]}
}

// Tie reports that nobody has won: rounds lie on both sides of 1.
func (r Ratios) Tie() bool { return r.Low <= 1 && r.High >= 1 }

func (r Ratios) String() string {
	if r.Median == 0 {
		return "-"
	}
	text := fmt.Sprintf("%.2f (%.2f to %.2f)", r.Median, r.Low, r.High)
	if r.Tie() {
		text += " tie"
	}
	return text
}

// Median returns the middle of the values, which need not be in order.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	values = slices.Sorted(slices.Values(values))
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}

// MiddleRound returns the round whose value is the median, or the nearest below.
func MiddleRound(values []float64) int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case values[a] < values[b]:
			return -1
		case values[a] > values[b]:
			return 1
		}
		return 0
	})
	return order[(len(order)-1)/2]
}
