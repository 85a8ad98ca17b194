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
	OwnEngines = []string{"uring", "threadpool", "uring-raw", "sync", "iouring-go"}
	// MailEngines do mail only: os.ReadFile, and a private Dovecot.
	MailEngines = []string{"readfile", "dovecot:sdbox", "dovecot:mdbox"}
	// FioEngines are those of fio that can do the same work on the same files.
	FioEngines = []string{"psync", "sync", "io_uring", "libaio", "posixaio", "mmap"}
)

// setEngines reads ioengine. A name that only fio has means fio's engine, so
// that fio's job files run as they are; "sync" is ours.
func setEngines(s *Spec, v string, _ int64) error {
	s.Engines = nil
	for name := range strings.SplitSeq(v, ",") {
		bare, prefixed := strings.CutPrefix(name, FioPrefix)
		switch {
		case prefixed && slices.Contains(FioEngines, bare):
		case slices.Contains(OwnEngines, name) || slices.Contains(MailEngines, name):
		case slices.Contains(FioEngines, name):
			name = FioPrefix + name
		default:
			return fmt.Errorf("%q: %s, %s%s", name, strings.Join(append(OwnEngines, MailEngines...), ", "),
				FioPrefix, strings.Join(FioEngines, ", "+FioPrefix))
		}
		if slices.Contains(s.Engines, name) {
			return fmt.Errorf("%s twice", name)
		}
		s.Engines = append(s.Engines, name)
	}
	return nil
}
