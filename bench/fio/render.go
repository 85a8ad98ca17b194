package fio

import (
	"fmt"
	"strings"
	"time"

	"github.com/ringbox/ringbox/bench/driver"
	"github.com/ringbox/ringbox/bench/job"
)

// Render writes a job file that makes fio do what the driver does with the
// clones of a job: the same files, sizes and order of things. One clone is one
// section, since each has files of its own.
func Render(clones []*driver.Clone, ioengine string) string {
	var b strings.Builder
	ioengine, flags, _ := strings.Cut(ioengine, "+")
	fmt.Fprintf(&b, "[global]\nioengine=%s\nfallocate=none\nkb_base=1024\nclat_percentiles=1\nlat_percentiles=1\n", ioengine)
	spec := clones[0].Spec
	for _, line := range append(lines(spec), flagLines(flags, spec)...) {
		b.WriteString(line + "\n")
	}
	if len(spec.Filename) > 0 {
		section(&b, clones[0], spec.NumJobs)
		return b.String()
	}
	for _, c := range clones {
		section(&b, c, 1)
	}
	return b.String()
}

func section(b *strings.Builder, c *driver.Clone, clones int) {
	fmt.Fprintf(b, "[%s]\nnumjobs=%d\nfilename=%s\n", c.Spec.Name, clones, escape(c.Paths))
	var total int64
	for _, size := range c.Sizes {
		total += size
	}
	fmt.Fprintf(b, "size=%d\n", total)
	if r := c.Spec.FileSize; r.Max > r.Min {
		fmt.Fprintf(b, "filesize=%d-%d\n", r.Min, r.Max)
	}
}

// escape joins paths; fio separates them by colons.
func escape(paths []string) string {
	escaped := make([]string, len(paths))
	for i, p := range paths {
		escaped[i] = strings.ReplaceAll(p, ":", `\:`)
	}
	return strings.Join(escaped, ":")
}

// lines are the options that all clones have.
func lines(s *job.Spec) []string {
	out := []string{
		"rw=" + mode(s.RW),
		fmt.Sprintf("bsrange=%d-%d,%d-%d", s.BS.Min, s.BS.Max, s.WriteBS.Min, s.WriteBS.Max),
		fmt.Sprintf("iodepth=%d", s.Depth), fmt.Sprintf("iodepth_batch=%d", s.Batch),
		fmt.Sprintf("invalidate=%d", digit(s.Invalidate)), fmt.Sprintf("pre_read=%d", digit(s.PreRead)),
		fmt.Sprintf("fadvise_hint=%d", digit(s.Hints)),
		fmt.Sprintf("loops=%d", s.Loops), fmt.Sprintf("rwmixread=%d", s.ReadPercent),
		fmt.Sprintf("randrepeat=%d", digit(s.Repeatable)),
	}
	add := func(wanted bool, format string, args ...any) {
		if wanted {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	add(s.IOSize > 0, "io_size=%d", s.IOSize)
	add(s.Thread, "thread=1")
	add(s.Given("randseed"), "randseed=%d", s.Seed)
	add(s.Random == job.Anywhere, "norandommap=1")
	add(s.Runtime > 0, "runtime=%dus", s.Runtime/time.Microsecond)
	add(s.TimeBased, "time_based=1")
	add(s.RampTime > 0, "ramp_time=%dus", s.RampTime/time.Microsecond)
	add(s.Fsync > 0, "fsync=%d", s.Fsync)
	add(s.Fdatasync > 0, "fdatasync=%d", s.Fdatasync)
	add(s.EndFsync, "end_fsync=1")
	add(s.Verify, "verify=crc32c\ndo_verify=%d", digit(s.DoVerify))
	add(s.Rate != [2]int64{}, "rate=%s", pair(s.Rate))
	add(s.RateIOPS != [2]int64{}, "rate_iops=%s", pair(s.RateIOPS))
	return out
}

// flagLines are the options of flags that stand behind the name of an engine.
func flagLines(flags string, s *job.Spec) (out []string) {
	for flag := range strings.SplitSeq(flags, "+") {
		switch flag {
		case "complete":
			out = append(out, fmt.Sprintf("iodepth_batch_complete_min=%d", s.Batch))
		case "registered":
			out = append(out, "fixedbufs=1", "registerfiles=1")
		}
	}
	return out
}

func mode(m job.Mode) string {
	if m.Skip != 0 {
		return fmt.Sprintf("%s:%d", m, m.Skip)
	}
	return m.String()
}

func digit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// pair writes a limit for reads and one for writes; none is an empty place.
func pair(p [2]int64) string {
	words := [2]string{}
	for i, n := range p {
		if n > 0 {
			words[i] = fmt.Sprint(n)
		}
	}
	return words[0] + "," + words[1]
}
