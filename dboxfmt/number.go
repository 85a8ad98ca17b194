package dboxfmt

import (
	"math"
	"strconv"
)

// parseHex reads 1 to 16 hex digits of either case, and nothing else, up to the
// largest int64: every number of the format is a size, an offset or a time.
func parseHex[T string | []byte](digits T) (int64, bool) {
	if len(digits) == 0 || len(digits) > 16 {
		return 0, false
	}
	var v uint64
	for i := 0; i < len(digits); i++ {
		d, ok := hexDigit(digits[i])
		if !ok {
			return 0, false
		}
		v = v<<4 | uint64(d)
	}
	return int64(v), v <= math.MaxInt64
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// parseDecimal reads decimal digits, and nothing else, up to the largest int64.
func parseDecimal(digits string) (int64, bool) {
	v, err := strconv.ParseUint(digits, 10, 63)
	return int64(v), err == nil
}
