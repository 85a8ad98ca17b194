package job

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// setter puts a value into a job. base is kb_base.
type setter func(s *Spec, value string, base int64) error

func text(field func(*Spec) *string) setter {
	return func(s *Spec, v string, _ int64) error {
		if v == "" {
			return fmt.Errorf("needs a value")
		}
		*field(s) = v
		return nil
	}
}

func number(field func(*Spec) *int, low, high int) setter {
	return func(s *Spec, v string, _ int64) error {
		n, err := strconv.Atoi(v)
		if err != nil {
			return fmt.Errorf("%q is not a number", v)
		}
		if n < low || n > high {
			return fmt.Errorf("%d is not in %d to %d", n, low, high)
		}
		*field(s) = n
		return nil
	}
}

// boolean takes 0 and 1; the name alone means 1.
func boolean(field func(*Spec) *bool) setter {
	return func(s *Spec, v string, _ int64) error {
		if v != "" && v != "0" && v != "1" {
			return fmt.Errorf("%q: 0 or 1", v)
		}
		*field(s) = v != "0"
		return nil
	}
}

func size(field func(*Spec) *int64) setter {
	return func(s *Spec, v string, base int64) (err error) {
		if strings.HasSuffix(v, "%") {
			return fmt.Errorf("%q: a percentage is not possible here", v)
		}
		*field(s), err = parseSize(v, base)
		return err
	}
}

func duration(field func(*Spec) *time.Duration) setter {
	return func(s *Spec, v string, _ int64) (err error) {
		*field(s), err = parseTime(v)
		return err
	}
}

// parseRange reads "4k" or "1k-4k".
func parseRange(v string, base int64) (r Range, err error) {
	low, high, both := strings.Cut(v, "-")
	if r.Min, err = parseSize(low, base); err != nil {
		return r, err
	}
	r.Max = r.Min
	if both {
		if r.Max, err = parseSize(high, base); err != nil {
			return r, err
		}
	}
	if r.Min < 1 || r.Max < r.Min {
		return r, fmt.Errorf("%q: a range goes from a size of 1 at least to one that is not smaller", v)
	}
	return r, nil
}

// readAndWrite splits "a,b" into what is for reads and what is for writes; what
// is said once is for both.
func readAndWrite(v string) (read, write string, err error) {
	parts := strings.Split(v, ",")
	switch {
	case len(parts) > 2:
		return "", "", fmt.Errorf("%q: one value for reads and one for writes; there is no trim here", v)
	case len(parts) == 1:
		return v, v, nil
	}
	return parts[0], parts[1], nil
}

// blockSize is bs and bsrange. A single size must be one.
func blockSize(ranges bool) setter {
	return func(s *Spec, v string, base int64) error {
		read, write, err := readAndWrite(v)
		if err != nil {
			return err
		}
		for _, side := range []struct {
			value string
			field *Range
		}{{read, &s.BS}, {write, &s.WriteBS}} {
			if side.value == "" {
				continue
			}
			r, err := parseRange(side.value, base)
			switch {
			case err != nil:
				return err
			case !ranges && r.Min != r.Max:
				return fmt.Errorf("%q: a range is what bsrange is for", v)
			case r.Max > maxBlock:
				return fmt.Errorf("%q: at most %d bytes", v, maxBlock)
			}
			*side.field = r
		}
		return nil
	}
}

// maxBlock bounds a block, in bytes: every request in flight has a buffer of
// that size.
const maxBlock = 64 << 20

// limits is rate and rate_iops.
func limits(field func(*Spec) *[2]int64) setter {
	return func(s *Spec, v string, base int64) error {
		read, write, err := readAndWrite(v)
		if err != nil {
			return err
		}
		for i, one := range []string{read, write} {
			if one == "" {
				continue
			}
			if field(s)[i], err = parseSize(one, base); err != nil {
				return err
			}
		}
		return nil
	}
}
