package job

import (
	"fmt"
	"slices"
	"strings"
)

// checkAll looks for what does not go together.
func checkAll(specs []*Spec) error {
	for i, s := range specs {
		if err := s.check(specs[:i]); err != nil {
			return fmt.Errorf("%s: job %q: %w", s.Source, s.Name, err)
		}
	}
	return nil
}

func (s *Spec) check(before []*Spec) error {
	if len(s.Engines) == 0 {
		s.Engines = []string{"uring"}
	}
	s.settle()
	switch {
	case strings.ContainsAny(s.Name, "/\x00"):
		return fmt.Errorf("a name that is part of a file name has no slash")
	case s.TimeBased && s.Runtime == 0:
		return fmt.Errorf("time_based needs a runtime")
	case s.WaitFor != "" && !slices.ContainsFunc(before, func(b *Spec) bool { return b.Name == s.WaitFor }):
		return fmt.Errorf("wait_for: there is no job %q before", s.WaitFor)
	case len(s.Filename) > 0 && s.Given("nrfiles") && s.NrFiles != len(s.Filename):
		return fmt.Errorf("nrfiles=%d, and filename has %d names", s.NrFiles, len(s.Filename))
	case s.Fsync > 0 && s.Fdatasync > 0:
		return fmt.Errorf("fsync and fdatasync: one of them")
	}
	if s.Workload != "" {
		return s.checkMail()
	}
	return s.checkBlocks()
}

// settle derives what was not said.
func (s *Spec) settle() {
	if s.PreRead && !s.Given("invalidate") {
		s.Invalidate = false
	}
	if s.Workload == "" && s.Size == 0 && s.FileSize.Min == s.FileSize.Max {
		s.Size = s.FileSize.Min * int64(s.NrFiles)
	}
	s.Batch = min(s.Batch, s.Depth)
}

func (s *Spec) checkBlocks() error {
	for _, name := range []string{"mail", "commit"} {
		if s.Given(name) {
			return fmt.Errorf("%s is for workload", name)
		}
	}
	for _, e := range s.Engines {
		switch {
		case slices.Contains(MailEngines, e):
			return fmt.Errorf("ioengine %s is for workload", e)
		case e == "pread" && (!s.RW.Random || s.RW.Write || s.Rate != [2]int64{} || s.RateIOPS != [2]int64{}):
			return fmt.Errorf("ioengine pread is for rw=randread without rate")
		}
	}
	block := s.BS.Max
	if !s.RW.Read {
		block = s.WriteBS.Max
	}
	switch {
	case s.Size == 0 && s.FileSize.Max == 0:
		return fmt.Errorf("size is missing or 0 (bytes of all files together)")
	case s.Size/int64(s.NrFiles) < block && s.FileSize.Max == 0:
		return fmt.Errorf("size=%d in %d files: less than a block of %d bytes each", s.Size, s.NrFiles, block)
	case s.FileSize.Max > 0 && s.FileSize.Min < block:
		return fmt.Errorf("filesize: less than a block of %d bytes", block)
	case s.PreRead && s.Given("invalidate") && s.Invalidate:
		return fmt.Errorf("pre_read and invalidate contradict each other")
	}
	return s.checkVerify()
}

func (s *Spec) checkVerify() error {
	switch {
	case !s.Verify:
		return nil
	case s.RW.Read && s.RW.Write:
		return fmt.Errorf("verify: a mix reads blocks while they are being written")
	case s.RW.Write && (s.TimeBased || s.Loops > 1 || s.Random == Anywhere && s.RW.Random):
		return fmt.Errorf("verify: every block must be written once; that excludes time_based, loops and norandommap")
	case s.RW.Write && s.NumJobs > 1 && len(s.Filename) > 0:
		return fmt.Errorf("verify: the clones of numjobs would write to the same files of filename")
	case s.RW.Read && s.BS.Min != s.BS.Max:
		return fmt.Errorf("verify: reading needs one block size")
	case min(s.WriteBS.Min, s.BS.Min) < MinVerify:
		return fmt.Errorf("verify: a block has %d bytes at least", MinVerify)
	case s.RW.Read && slices.ContainsFunc(s.Engines, IsFio):
		return fmt.Errorf("verify: fio reads only blocks that it has written itself")
	}
	return nil
}

// MinVerify is the smallest block that can be verified, in bytes.
const MinVerify = 64

// IsFio reports whether the engine is one of the installed fio.
func IsFio(engine string) bool { return strings.HasPrefix(engine, FioPrefix) }

// blockOptions are those that mail workloads have no use for.
var blockOptions = []string{"rw", "rwmixread", "rwmixwrite", "bs", "bsrange", "size", "io_size", "filesize", "filename",
	"iodepth_batch", "runtime", "time_based", "ramp_time", "thread", "randrepeat", "fsync", "fdatasync", "end_fsync", "verify", "do_verify", "fadvise_hint", "norandommap", "rate", "rate_iops", "numjobs"}

func (s *Spec) checkMail() error {
	for _, name := range blockOptions {
		if s.Given(name) {
			return fmt.Errorf("%s is for blocks, not for workload=%s", name, s.Workload)
		}
	}
	if s.Given("commit") && s.Workload != "mail-deliver" && s.Workload != "mdbox-append" {
		return fmt.Errorf("commit is for workload=mail-deliver and mdbox-append")
	}
	if s.Given("loops") && !slices.Contains([]string{"mail-fetch", "mdbox-fetch", "mailbox-scan"}, s.Workload) {
		return fmt.Errorf("loops is for what only reads, not for workload=%s", s.Workload)
	}
	for _, e := range s.Engines {
		switch {
		case IsFio(e):
			return fmt.Errorf("%s cannot do workload=%s", e, s.Workload)
		case s.Given("loops") && strings.Contains(e, ":"):
			return fmt.Errorf("loops: %s is a whole store, which is fetched from once", e)
		}
	}
	return nil
}
