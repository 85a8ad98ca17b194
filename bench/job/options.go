package job

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// option is one entry of the table of options.
type option struct {
	name    string
	aliases []string
	alone   bool // may be said without a value
	set     setter
	help    string
}

const maxCount = 1 << 20

// options is every option that a job can have.
var options = []option{
	{"name", nil, false, text(func(s *Spec) *string { return &s.Name }), "name of the job; on the command line it begins a new one"},
	{"description", nil, false, text(func(s *Spec) *string { return &s.Description }), "text for the report"},
	{"rw", []string{"readwrite"}, false, setMode, "read, write, randread, randwrite, rw, randrw; read:SKIP"},
	{"rwmixread", nil, false, setMix(false), "percentage of reads in a mix"},
	{"rwmixwrite", nil, false, setMix(true), "percentage of writes in a mix"},
	{"bs", []string{"blocksize"}, false, blockSize(false), "block size; READ,WRITE"},
	{"bsrange", []string{"blocksize_range"}, false, blockSize(true), "block sizes, LOW-HIGH"},
	{"size", nil, false, size(func(s *Spec) *int64 { return &s.Size }), "bytes of all files of a job"},
	{"io_size", []string{"io_limit"}, false, size(func(s *Spec) *int64 { return &s.IOSize }), "bytes to transfer"},
	{"filesize", nil, false, setFileSize, "bytes of each file, or LOW-HIGH"},
	{"nrfiles", nil, false, number(func(s *Spec) *int { return &s.NrFiles }, 1, maxCount), "number of files (mail: of mails)"},
	{"directory", nil, false, text(func(s *Spec) *string { return &s.Directory }), "where the files are"},
	{"filename", nil, false, setFilename, "names of the files, with : between them"},
	{"iodepth", nil, false, number(func(s *Spec) *int { return &s.Depth }, 1, 4096), "requests in flight"},
	{"iodepth_batch", []string{"iodepth_batch_submit"}, false, number(func(s *Spec) *int { return &s.Batch }, 1, 4096), "requests submitted together"},
	{"numjobs", nil, false, number(func(s *Spec) *int { return &s.NumJobs }, 1, 4096), "clones of the job"},
	{"thread", []string{"threads"}, true, boolean(func(s *Spec) *bool { return &s.Thread }), "fio's clones are threads (ours always are)"},
	{"ioengine", nil, false, setEngines, "engine, or several with commas between them"},
	{"runtime", []string{"timeout"}, false, duration(func(s *Spec) *time.Duration { return &s.Runtime }), "end after this time"},
	{"time_based", nil, true, boolean(func(s *Spec) *bool { return &s.TimeBased }), "go on until runtime"},
	{"ramp_time", nil, false, duration(func(s *Spec) *time.Duration { return &s.RampTime }), "time before counting begins"},
	{"startdelay", nil, false, duration(func(s *Spec) *time.Duration { return &s.StartDelay }), "begin later"},
	{"loops", nil, false, number(func(s *Spec) *int { return &s.Loops }, 1, math.MaxInt32), "how many times"},
	{"fsync", nil, false, number(func(s *Spec) *int { return &s.Fsync }, 0, math.MaxInt32), "fsync after so many writes"},
	{"fdatasync", nil, false, number(func(s *Spec) *int { return &s.Fdatasync }, 0, math.MaxInt32), "fdatasync after so many writes"},
	{"end_fsync", nil, true, boolean(func(s *Spec) *bool { return &s.EndFsync }), "fsync at the end"},
	{"direct", nil, true, refuseUnless("direct", "0"), "0 only"},
	{"buffered", nil, true, refuseUnless("buffered", "1"), "1 only"},
	{"fallocate", nil, false, refuseUnless("fallocate", "none"), "none only"},
	{"invalidate", nil, true, boolean(func(s *Spec) *bool { return &s.Invalidate }), "drop the files from the page cache before"},
	{"pre_read", nil, true, boolean(func(s *Spec) *bool { return &s.PreRead }), "read the files into the page cache before"},
	{"fadvise_hint", nil, true, boolean(func(s *Spec) *bool { return &s.Hints }), "tell the kernel whether reading is random or sequential"},
	{"verify", nil, false, setVerify, "crc32c"},
	{"do_verify", nil, true, boolean(func(s *Spec) *bool { return &s.DoVerify }), "read back what was written"},
	{"rate", nil, false, limits(func(s *Spec) *[2]int64 { return &s.Rate }), "bytes/s; READ,WRITE"},
	{"rate_iops", nil, false, limits(func(s *Spec) *[2]int64 { return &s.RateIOPS }), "requests/s; READ,WRITE"},
	{"randseed", nil, false, setSeed, "of the random numbers"},
	{"randrepeat", nil, true, boolean(func(s *Spec) *bool { return &s.Repeatable }), "the same random numbers each time"},
	{"norandommap", nil, true, setAnywhere, "blocks may come twice"},
	{"group_reporting", nil, true, boolean(func(s *Spec) *bool { return &s.Grouped }), "one report for all clones"},
	{"new_group", nil, true, boolean(func(s *Spec) *bool { return &s.NewGroup }), "begin a new group"},
	{"stonewall", []string{"wait_for_previous"}, true, boolean(func(s *Spec) *bool { return &s.Stonewall }), "begin when all before have ended"},
	{"wait_for", nil, false, text(func(s *Spec) *string { return &s.WaitFor }), "begin when that job has ended"},
	{"unlink", nil, true, boolean(func(s *Spec) *bool { return &s.Unlink }), "0 keeps the files that the run has made"},
	{"write_bw_log", nil, false, text(func(s *Spec) *string { return &s.BandwidthLog }), "log of bandwidth, NAME_bw.N.log"},
	{"write_iops_log", nil, false, text(func(s *Spec) *string { return &s.IOPSLog }), "log of requests/s, NAME_iops.N.log"},
	{"write_lat_log", nil, false, text(func(s *Spec) *string { return &s.LatencyLog }), "log of latency, NAME_lat.N.log"},
	{"log_avg_msec", nil, false, setLogEvery, "one line of the logs for so many milliseconds"},
	{"kb_base", nil, false, func(*Spec, string, int64) error { return nil }, "1024 or 1000: what k means in sizes"},
	{"workload", nil, false, setWorkload, "mail instead of blocks: " + strings.Join(Workloads, ", ")},
	{"mail", nil, false, text(func(s *Spec) *string { return &s.Mail }), "directory of mails, for workload"},
	{"commit", nil, false, choice(func(s *Spec) *string { return &s.Commit }, "single", "group"), "single or group, for workload"},
}

// Workloads are the values of workload=.
var Workloads = []string{"mail-fetch", "mail-deliver", "mail-import", "mdbox-append", "mdbox-fetch", "mailbox-scan"}

func lookup(name string) (*option, error) {
	for i := range options {
		if o := &options[i]; o.name == name || slices.Contains(o.aliases, name) {
			return o, nil
		}
	}
	return nil, refuse(name)
}

// apply sets one option.
func (s *Spec) apply(o *option, value string, base int64) error {
	if value == "" && !o.alone {
		return fmt.Errorf("%s: needs a value", o.name)
	}
	if err := o.set(s, value, base); err != nil {
		return fmt.Errorf("%s: %w", o.name, err)
	}
	if s.given == nil {
		s.given = map[string]bool{}
	}
	s.given[o.name] = true
	if value == "" {
		value = "1"
	}
	s.order = append(s.order, setting{o.name, value})
	return nil
}

func setMode(s *Spec, v string, base int64) (err error) {
	s.RW, err = parseMode(v, base)
	return err
}

func setMix(ofWrites bool) setter {
	return func(s *Spec, v string, base int64) error {
		if err := number(func(s *Spec) *int { return &s.ReadPercent }, 0, 100)(s, v, base); err != nil {
			return err
		}
		if ofWrites {
			s.ReadPercent = 100 - s.ReadPercent
		}
		return nil
	}
}

func setFileSize(s *Spec, v string, base int64) (err error) {
	s.FileSize, err = parseRange(v, base)
	return err
}

func setFilename(s *Spec, v string, _ int64) error {
	s.Filename = strings.Split(v, ":")
	if slices.Contains(s.Filename, "") {
		return fmt.Errorf("%q: a name is empty", v)
	}
	s.NrFiles = len(s.Filename)
	return nil
}

func setVerify(s *Spec, v string, _ int64) error {
	if v != "crc32c" && v != "0" && v != "none" {
		return fmt.Errorf("%q: crc32c is the only kind here", v)
	}
	s.Verify = v == "crc32c"
	return nil
}

func setSeed(s *Spec, v string, _ int64) (err error) {
	if s.Seed, err = strconv.ParseUint(v, 0, 64); err != nil {
		return fmt.Errorf("%q is not a number", v)
	}
	return nil
}

func setAnywhere(s *Spec, v string, _ int64) error {
	var anywhere bool
	err := boolean(func(*Spec) *bool { return &anywhere })(s, v, 0)
	s.Random = EachOnce
	if anywhere {
		s.Random = Anywhere
	}
	return err
}

func setLogEvery(s *Spec, v string, _ int64) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > 3_600_000 {
		return fmt.Errorf("%q is not a number of milliseconds up to an hour", v)
	}
	s.LogEvery = time.Duration(n) * time.Millisecond
	return nil
}

func setWorkload(s *Spec, v string, base int64) error {
	return choice(func(s *Spec) *string { return &s.Workload }, Workloads...)(s, v, base)
}

// refuseUnless takes one value and refuses all others with the reason of whys.
func refuseUnless(name, value string) setter {
	return func(_ *Spec, v string, _ int64) error {
		if v != value && (v != "" || value != "1") {
			return fmt.Errorf("only %s=%s is possible: %s", name, value, whys[name])
		}
		return nil
	}
}

func choice(field func(*Spec) *string, values ...string) setter {
	return func(s *Spec, v string, _ int64) error {
		if !slices.Contains(values, v) {
			return fmt.Errorf("%q: %s", v, strings.Join(values, ", "))
		}
		*field(s) = v
		return nil
	}
}
