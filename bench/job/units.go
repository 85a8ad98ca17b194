package job

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// parseSize reads a size in bytes. base is kb_base: 1024 makes "k" 1024 and
// "ki" 1000, as fio does; 1000 makes them what the standard says.
func parseSize(value string, base int64) (int64, error) {
	number, unit := cutNumber(value)
	n, err := strconv.ParseInt(number, 0, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a size", value)
	}
	unit = strings.TrimSuffix(strings.ToLower(unit), "b")
	letter, other := strings.CutSuffix(unit, "i")
	power := 0
	if unit != "" {
		if power = strings.Index(" kmgtp", letter); len(letter) != 1 || power < 1 {
			return 0, fmt.Errorf("%q: unknown unit %q (k, m, g, t, p, with b or ib)", value, value[len(number):])
		}
	}
	if other {
		base = 2024 - base
	}
	for range power {
		if n > math.MaxInt64/base {
			return 0, fmt.Errorf("%q is too large", value)
		}
		n *= base
	}
	return n, nil
}

// times are fio's units of time.
var times = map[string]time.Duration{
	"d": 24 * time.Hour, "h": time.Hour, "m": time.Minute, "": time.Second, "s": time.Second,
	"ms": time.Millisecond, "msec": time.Millisecond, "us": time.Microsecond, "usec": time.Microsecond,
}

// parseTime reads a time; without a unit it is in seconds.
func parseTime(value string) (time.Duration, error) {
	number, unit := cutNumber(value)
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a time", value)
	}
	scale, ok := times[strings.ToLower(unit)]
	if !ok {
		return 0, fmt.Errorf("%q: unknown unit %q (d, h, m, s, ms, us)", value, unit)
	}
	if n > math.MaxInt64/int64(scale) {
		return 0, fmt.Errorf("%q is too long", value)
	}
	return time.Duration(n) * scale, nil
}

// cutNumber splits what may be a number from the unit behind it.
func cutNumber(value string) (number, unit string) {
	if hex := strings.ToLower(value); strings.HasPrefix(hex, "0x") {
		return value, ""
	}
	i := 0
	for i < len(value) && (value[i] >= '0' && value[i] <= '9' || i == 0 && value[i] == '-') {
		i++
	}
	return value[:i], value[i:]
}
