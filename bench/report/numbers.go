package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/ringbox/ringbox/bench/measure"
)

// scaled writes a number with at most four digits and a letter for the power of
// base.
func scaled(v float64, base float64, infix string) string {
	letters := []string{"", "k", "M", "G", "T", "P"}
	i := 0
	for v >= 10000 && i < len(letters)-1 {
		v /= base
		i++
	}
	letter := letters[i]
	if infix == "i" && letter == "k" {
		letter = "K"
	}
	if letter != "" {
		letter += infix
	}
	switch {
	case v >= 100 || v == 0 || i == 0 && v == float64(int64(v)):
		return fmt.Sprintf("%.0f%s", v, letter)
	case v >= 10:
		return fmt.Sprintf("%.1f%s", v, letter)
	}
	return fmt.Sprintf("%.2f%s", v, letter)
}

func count(v float64) string  { return scaled(v, 1000, "") }
func binary(v float64) string { return scaledBytes(v, 1024, "i") }
func metric(v float64) string { return scaledBytes(v, 1000, "") }

// scaledBytes begins at k: nobody wants bytes.
func scaledBytes(v, base float64, infix string) string {
	letters := []string{"k", "M", "G", "T"}
	i := 0
	for v /= base; v >= 10000 && i < len(letters)-1; i++ {
		v /= base
	}
	letter := letters[i]
	if infix == "i" {
		letter = strings.ToUpper(letter)
	}
	switch {
	case v >= 100 || v == float64(int64(v)):
		return fmt.Sprintf("%.0f%s%sB", v, letter, infix)
	case v >= 10:
		return fmt.Sprintf("%.1f%s%sB", v, letter, infix)
	}
	return fmt.Sprintf("%.2f%s%sB", v, letter, infix)
}

// unitOf chooses nsec, usec or msec for a set of latencies.
func unitOf(l measure.Latency) (name string, ns float64) {
	switch {
	case l.Min > 2e6 && l.Max > 99_999_999:
		return "msec", 1e6
	case l.Min > 2e3 && l.Max > 99_999:
		return "usec", 1e3
	}
	return "nsec", 1
}

// short prints a duration with three digits.
func short(ns float64) string {
	unit, name := float64(time.Second), "s"
	switch d := time.Duration(ns); {
	case d < time.Microsecond:
		unit, name = 1, "ns"
	case d < time.Millisecond:
		unit, name = float64(time.Microsecond), "µs"
	case d < time.Second:
		unit, name = float64(time.Millisecond), "ms"
	}
	v := ns / unit
	switch {
	case unit == 1 || v >= 100:
		return fmt.Sprintf("%.0f%s", v, name)
	case v >= 10:
		return fmt.Sprintf("%.1f%s", v, name)
	}
	return fmt.Sprintf("%.2f%s", v, name)
}
