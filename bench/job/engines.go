package job

import (
	"fmt"
	"slices"
	"strings"
)

// Engines of this program, and those of the installed fio behind FioPrefix.
const FioPrefix = "fio:"

var (
	// OwnEngines do blocks, and most of the mail workloads.
	OwnEngines = []string{"uring", "threadpool", "uring-raw", "sync", "pread", "iouring-go"}
	// MailEngines do mail only: blocking ways of reading and of writing, this
	// library's stores on a backend, and a private Dovecot.
	MailEngines = []string{"readfile", "syscalls", "serial",
		"sdbox:uring", "sdbox:threadpool", "mdbox:uring", "mdbox:threadpool", "dovecot:sdbox", "dovecot:mdbox"}
	// FioEngines are those of fio that can do the same work on the same files.
	FioEngines = []string{"psync", "sync", "io_uring", "libaio", "posixaio", "mmap"}
	// FioFlags are what can be said about fio's io_uring, behind a plus each:
	// registered is fixedbufs and registerfiles, complete is to wait for
	// iodepth_batch completions at least (iodepth_batch_complete_min).
	FioFlags = []string{"registered", "complete"}
)

// isFioEngine reports whether name is an engine of fio, with flags if it has any.
func isFioEngine(name string) bool {
	words := strings.Split(name, "+")
	for _, flag := range words[1:] {
		if words[0] != "io_uring" || !slices.Contains(FioFlags, flag) {
			return false
		}
	}
	return slices.Contains(FioEngines, words[0])
}

// setEngines reads ioengine. A name that only fio has means fio's engine, so
// that fio's job files run as they are; "sync" is ours.
func setEngines(s *Spec, v string, _ int64) error {
	s.Engines = nil
	for name := range strings.SplitSeq(v, ",") {
		bare, prefixed := strings.CutPrefix(name, FioPrefix)
		switch {
		case prefixed && isFioEngine(bare):
		case slices.Contains(OwnEngines, name) || slices.Contains(MailEngines, name):
		case isFioEngine(name):
			name = FioPrefix + name
		default:
			return fmt.Errorf("%q is none of %s, %s%s", name, strings.Join(slices.Concat(OwnEngines, MailEngines), ", "),
				FioPrefix, strings.Join(FioEngines, ", "+FioPrefix))
		}
		if slices.Contains(s.Engines, name) {
			return fmt.Errorf("%s twice", name)
		}
		s.Engines = append(s.Engines, name)
	}
	return nil
}
