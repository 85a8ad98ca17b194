package job

import (
	"fmt"
	"strings"
)

// Mode is what rw= says.
type Mode struct {
	Read, Write, Random bool
	Skip                int64 // bytes between the end of a block and the next one; negative: backwards
}

// modes are fio's names.
var modes = map[string]Mode{
	"read":      {Read: true},
	"write":     {Write: true},
	"randread":  {Read: true, Random: true},
	"randwrite": {Write: true, Random: true},
	"rw":        {Read: true, Write: true},
	"readwrite": {Read: true, Write: true},
	"randrw":    {Read: true, Write: true, Random: true},
}

// String returns fio's shortest name of the mode.
func (m Mode) String() string {
	name := ""
	switch {
	case m.Read && m.Write:
		name = "rw"
	case m.Read:
		name = "read"
	default:
		name = "write"
	}
	if m.Random {
		return "rand" + name
	}
	return name
}

func parseMode(value string, base int64) (Mode, error) {
	name, skip, skips := strings.Cut(value, ":")
	m, ok := modes[name]
	switch {
	case strings.Contains(name, "trim"):
		return Mode{}, fmt.Errorf("%q: there is no trim here", value)
	case !ok:
		return Mode{}, fmt.Errorf("%q: read, write, randread, randwrite, rw (readwrite) or randrw", value)
	case !skips:
		return m, nil
	case m.Random:
		return Mode{}, fmt.Errorf("%q: a number behind the colon is for sequential modes only", value)
	}
	number, negative := strings.CutPrefix(skip, "-")
	n, err := parseSize(number, base)
	if negative {
		n = -n
	}
	m.Skip = n
	return m, err
}
