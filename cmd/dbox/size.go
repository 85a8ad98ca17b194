package main

import (
	"fmt"
	"strconv"
	"strings"
)

var units = []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}

// size is a number of bytes, and from 1 KiB on also in larger units:
// "200", "1536 (1.5 KiB)".
func size(n int64) string {
	if n < 1<<10 {
		return strconv.FormatInt(n, 10)
	}
	value, unit := float64(n)/(1<<10), 0
	for value >= 1<<10 {
		value /= 1 << 10
		unit++
	}
	return fmt.Sprintf("%d (%.1f %s)", n, value, units[unit])
}

// byteCount is size in a sentence: "200 bytes", "1536 bytes (1.5 KiB)".
func byteCount(n int64) string {
	number, larger, _ := strings.Cut(size(n), " ")
	return strings.TrimSpace(number + " bytes " + larger)
}

// count is a number of things: "1 message", "2 messages", "2 mailboxes".
func count(n int, thing string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(thing, "x"):
		thing += "es"
	default:
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// sizeFlag is a number of bytes on the command line: 10485760, 10M, 10MiB.
type sizeFlag int64

func (s *sizeFlag) String() string { return strconv.FormatInt(int64(*s), 10) }
func (s *sizeFlag) Type() string   { return "bytes" }

func (s *sizeFlag) Set(text string) error {
	digits := strings.TrimRight(text, "KMGTiB")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a size such as 10485760 or 10M", text)
	}
	shift := 0
	if suffix := text[len(digits):]; suffix != "" && suffix != "B" {
		i := strings.Index("KMGT", suffix[:1])
		if i < 0 || suffix[1:] != "" && suffix[1:] != "iB" {
			return fmt.Errorf("%q is not a size such as 10485760 or 10M", text)
		}
		shift = 10 * (i + 1)
	}
	if n < 0 || n > 1<<62>>shift {
		return fmt.Errorf("%q is out of range", text)
	}
	*s = sizeFlag(n << shift)
	return nil
}
