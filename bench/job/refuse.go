package job

import (
	_ "embed"
	"fmt"
	"strings"
)

// fioOptions are the names of fio's options, one a line.
//
//go:embed fio-options.txt
var fioOptions string

// whys says why some options are not here; the others are simply not.
var whys = map[string]string{
	"direct":                 "O_DIRECT goes round the page cache, which is what this program measures",
	"buffered":               "every transfer here goes through the page cache",
	"bssplit":                "use bsrange",
	"iodepth_low":            "the queue is filled up again as requests finish",
	"random_distribution":    "offsets are drawn evenly",
	"random_generator":       "there is one generator; randseed chooses its numbers",
	"rate_min":               "a run that is too slow shows in the result",
	"ratemin":                "a run that is too slow shows in the result",
	"fill_device":            "it would fill the file system",
	"sync":                   "use fsync or fdatasync",
	"overwrite":              "only files that the run has made are overwritten",
	"thinktime":              "use rate",
	"fallocate":              "files grow as they are written; only fallocate=none is the truth",
	"verify_backlog":         "what was written is verified at the end",
	"percentile_list":        "the percentiles are fio's own list",
	"exec_prerun":            "a job file runs no programs",
	"exec_postrun":           "a job file runs no programs",
	"continue_on_error":      "an error ends the run",
	"unified_rw_reporting":   "reads and writes are reported apart",
	"gtod_reduce":            "the latencies are the point",
	"allow_mounted_write":    "devices are not written to",
	"unlink_each_loop":       "use unlink",
	"write_iolog":            "there are no logs of requests",
	"read_iolog":             "there are no logs of requests",
	"profile":                "there are no profiles",
	"clocksource":            "the clock is the monotonic one",
	"zonemode":               "there are no zoned devices here",
	"iodepth_batch_complete": "what has finished is collected at once",
}

// refuse returns the error for an option that is not in the table.
func refuse(name string) error {
	for line := range strings.Lines(fioOptions) {
		if strings.TrimSpace(line) != name {
			continue
		}
		if why, ok := whys[name]; ok {
			return fmt.Errorf("%s: fio has this option, this program has not: %s", name, why)
		}
		return fmt.Errorf("%s: fio has this option, this program has not", name)
	}
	return fmt.Errorf("%s: unknown option", name)
}
