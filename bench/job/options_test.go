package job

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// one parses a job of one line, with what every job needs.
func one(t *testing.T, line string) *Spec {
	t.Helper()
	specs, err := Parse("x.fio", strings.NewReader("[j]\nsize=1m\n"+line+"\n"))
	require.NoError(t, err, line)
	return specs[0]
}

// optionTests has at least one line for every option, and what it must do.
var optionTests = []struct {
	line string
	ok   func(s *Spec) bool
}{
	{"description=some words", func(s *Spec) bool { return s.Description == "some words" }},
	{"rw=randrw", func(s *Spec) bool { return s.RW == Mode{Read: true, Write: true, Random: true} }},
	{"readwrite=write", func(s *Spec) bool { return s.RW == Mode{Write: true} }},
	{"rw=read:-8k", func(s *Spec) bool { return s.RW == Mode{Read: true, Skip: -8192} }},
	{"rwmixread=70", func(s *Spec) bool { return s.ReadPercent == 70 }},
	{"rwmixwrite=70", func(s *Spec) bool { return s.ReadPercent == 30 }},
	{"bs=8k", func(s *Spec) bool { return s.BS == Range{8192, 8192} && s.WriteBS == s.BS }},
	{"bs=8k,2k", func(s *Spec) bool { return s.BS.Min == 8192 && s.WriteBS.Min == 2048 }},
	{"bsrange=1k-4k,2k-8k", func(s *Spec) bool { return s.BS == Range{1024, 4096} && s.WriteBS == Range{2048, 8192} }},
	{"size=2g", func(s *Spec) bool { return s.Size == 2<<30 }},
	{"io_size=64k", func(s *Spec) bool { return s.IOSize == 65536 }},
	{"filesize=4k-16k", func(s *Spec) bool { return s.FileSize == Range{4096, 16384} }},
	{"nrfiles=7", func(s *Spec) bool { return s.NrFiles == 7 }},
	{"directory=/somewhere", func(s *Spec) bool { return s.Directory == "/somewhere" }},
	{"filename=a:b", func(s *Spec) bool { return len(s.Filename) == 2 && s.NrFiles == 2 }},
	{"iodepth=9", func(s *Spec) bool { return s.Depth == 9 }},
	{"iodepth=9\niodepth_batch=4", func(s *Spec) bool { return s.Batch == 4 }},
	{"iodepth=2\niodepth_batch=4", func(s *Spec) bool { return s.Batch == 2 }},
	{"numjobs=3", func(s *Spec) bool { return s.NumJobs == 3 }},
	{"thread", func(s *Spec) bool { return s.Thread }},
	{"ioengine=uring,sync,fio:sync,libaio", func(s *Spec) bool {
		return strings.Join(s.Engines, " ") == "uring sync fio:sync fio:libaio"
	}},
	{"rw=randread\nioengine=pread,io_uring+registered,fio:io_uring+registered+complete", func(s *Spec) bool {
		return strings.Join(s.Engines, " ") == "pread fio:io_uring+registered fio:io_uring+registered+complete"
	}},
	{"runtime=5", func(s *Spec) bool { return s.Runtime == 5*time.Second }},
	{"timeout=500ms", func(s *Spec) bool { return s.Runtime == 500*time.Millisecond }},
	{"runtime=1m\ntime_based", func(s *Spec) bool { return s.TimeBased && s.Runtime == time.Minute }},
	{"ramp_time=2s", func(s *Spec) bool { return s.RampTime == 2*time.Second }},
	{"startdelay=3", func(s *Spec) bool { return s.StartDelay == 3*time.Second }},
	{"loops=4", func(s *Spec) bool { return s.Loops == 4 }},
	{"fsync=5", func(s *Spec) bool { return s.Fsync == 5 }},
	{"fdatasync=6", func(s *Spec) bool { return s.Fdatasync == 6 }},
	{"end_fsync=1", func(s *Spec) bool { return s.EndFsync }},
	{"direct=0", func(s *Spec) bool { return s.Given("direct") }},
	{"buffered", func(s *Spec) bool { return s.Given("buffered") }},
	{"fallocate=none", func(s *Spec) bool { return s.Given("fallocate") }},
	{"invalidate=0", func(s *Spec) bool { return !s.Invalidate }},
	{"pre_read=1", func(s *Spec) bool { return s.PreRead && !s.Invalidate }},
	{"fadvise_hint=0", func(s *Spec) bool { return !s.Hints }},
	{"verify=crc32c", func(s *Spec) bool { return s.Verify && s.DoVerify }},
	{"do_verify=0", func(s *Spec) bool { return !s.DoVerify }},
	{"rate=1m", func(s *Spec) bool { return s.Rate == [2]int64{1 << 20, 1 << 20} }},
	{"rate_iops=,50", func(s *Spec) bool { return s.RateIOPS == [2]int64{0, 50} }},
	{"randseed=77", func(s *Spec) bool { return s.Seed == 77 }},
	{"randrepeat=0", func(s *Spec) bool { return !s.Repeatable }},
	{"norandommap", func(s *Spec) bool { return s.Random == Anywhere }},
	{"group_reporting", func(s *Spec) bool { return s.Grouped }},
	{"new_group", func(s *Spec) bool { return s.NewGroup }},
	{"stonewall", func(s *Spec) bool { return s.Stonewall }},
	{"[k]\nsize=1m\nwait_for=j\n", func(s *Spec) bool { return true }},
	{"unlink=0", func(s *Spec) bool { return !s.Unlink }},
	{"write_bw_log=x", func(s *Spec) bool { return s.BandwidthLog == "x" }},
	{"write_iops_log=x", func(s *Spec) bool { return s.IOPSLog == "x" }},
	{"write_lat_log=x", func(s *Spec) bool { return s.LatencyLog == "x" }},
	{"log_avg_msec=50", func(s *Spec) bool { return s.LogEvery == 50*time.Millisecond }},
	{"kb_base=1000\nio_size=1k", func(s *Spec) bool { return s.IOSize == 1000 }},
	{"name=ignored", func(s *Spec) bool { return s.Name == "j" }},
}

func TestOptions(t *testing.T) {
	said := ""
	for _, c := range optionTests {
		require.True(t, c.ok(one(t, c.line)), c.line)
		said += "\n" + c.line
	}
	for _, c := range mailTests {
		specs, err := Parse("x.fio", strings.NewReader("[j]\n"+c.line+"\n"))
		require.NoError(t, err, c.line)
		require.True(t, c.ok(specs[0]), c.line)
		said += "\n" + c.line
	}
	for _, o := range options {
		require.Regexp(t, "(?m)^"+o.name+"(=|$)", said, "no test of %s", o.name)
		require.NotEmpty(t, o.help, o.name)
	}
}

var mailTests = []struct {
	line string
	ok   func(s *Spec) bool
}{
	{"workload=mail-deliver\ncommit=single", func(s *Spec) bool { return s.Commit == "single" }},
	{"workload=mail-fetch\nmail=/mails\niodepth=3", func(s *Spec) bool { return s.Mail == "/mails" && s.Depth == 3 }},
	{"workload=mail-fetch\nloops=3", func(s *Spec) bool { return s.Loops == 3 }},
	{"workload=mail-import\nioengine=mdbox:uring,dovecot:mdbox", func(s *Spec) bool { return len(s.Engines) == 2 }},
	{"workload=mail-import\nioengine=dovecot:sdbox", func(s *Spec) bool { return s.Engines[0] == "dovecot:sdbox" }},
}

// Every value that cannot be is an error that names the option.
func TestBadValues(t *testing.T) {
	for line, says := range map[string]string{
		"rw=trim":                          "trim",
		"rw=sideways":                      "sideways",
		"rw=randread:8k":                   "sequential",
		"rw=read:xx":                       "not a size",
		"rwmixread=101":                    "0 to 100",
		"rwmixread=some":                   "not a number",
		"bs=4q":                            "unknown unit",
		"bs=4kk":                           "unknown unit",
		"bs=0":                             "1 at least",
		"bs=-4k":                           "not a size",
		"bs=1g":                            "at most",
		"bs=1k-2k":                         "bsrange",
		"bs=1k,2k,3k":                      "no trim",
		"bsrange=4k-1k":                    "range",
		"size=":                            "needs a value",
		"size=50%":                         "percentage",
		"size=9999999999t":                 "too large",
		"runtime=5y":                       "unknown unit",
		"runtime=x":                        "not a time",
		"runtime=9999999999d":              "too long",
		"iodepth=0":                        "1 to 4096",
		"iodepth=100000":                   "1 to 4096",
		"direct=1":                         "page cache",
		"direct":                           "page cache",
		"buffered=0":                       "page cache",
		"fallocate=native":                 "fallocate=none",
		"verify=md5":                       "crc32c",
		"thread=2":                         "0 or 1",
		"norandommap=x":                    "0 or 1",
		"ioengine=floppy":                  "floppy",
		"ioengine=fio:floppy":              "floppy",
		"ioengine=sync,sync":               "twice",
		"ioengine=psync+registered":        "psync+registered",
		"ioengine=fio:io_uring+turbo":      "turbo",
		"ioengine=pread":                   "rw=randread without rate",
		"ioengine=serial":                  "workload",
		"filename=a::b":                    "empty",
		"randseed=many":                    "not a number",
		"log_avg_msec=-1":                  "milliseconds",
		"kb_base=1001":                     "1024 or 1000",
		"workload=gardening":               "mail-fetch",
		"rate=1m,1m,1m":                    "no trim",
		"bssplit=4k/50":                    "fio has this option, this program has not: use bsrange",
		"zonesize=1m":                      "fio has this option, this program has not",
		"nonsense=1":                       "unknown option",
		"iodepth":                          "needs a value",
		"time_based":                       "runtime",
		"wait_for=nobody":                  "nobody",
		"filename=a:b\nnrfiles=3":          "nrfiles=3",
		"fsync=1\nfdatasync=1":             "one of them",
		"bs=2m":                            "less than a block",
		"filesize=1k":                      "less than a block",
		"commit=group":                     "workload",
		"ioengine=dovecot:sdbox":           "workload",
		"pre_read\ninvalidate":             "contradict",
		"verify=crc32c\nrw=rw":             "mix",
		"verify=crc32c\nrw=write\nloops=2": "once",
		"verify=crc32c\nbsrange=4k-8k":     "one block size",
		"verify=crc32c\nbs=32":             "64 bytes",
		"verify=crc32c\nioengine=psync":    "written itself",
		"verify=crc32c\nrw=write\nfilename=f\nnumjobs=2": "same files",
		"workload=mail-fetch":                            "size is for blocks",
	} {
		_, err := Parse("x.fio", strings.NewReader("[j]\nsize=1m\n"+line+"\n"))
		require.ErrorContains(t, err, says, line)
		require.ErrorContains(t, err, "x.fio:", line)
		require.NotContains(t, err.Error(), "\n", line)
	}
	for _, line := range []string{"commit=single\nworkload=mail-fetch", "workload=mail-fetch\nioengine=libaio",
		"workload=mail-import\nloops=2", "workload=mail-fetch\nloops=2\nioengine=sdbox:uring"} {
		_, err := Parse("x.fio", strings.NewReader("[j]\n"+line+"\n"))
		require.Error(t, err, line)
	}
}
