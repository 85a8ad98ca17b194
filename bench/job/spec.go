package job

import "time"

// Range is a size or a choice of sizes, in bytes; Min and Max are equal if there
// is nothing to choose.
type Range struct{ Min, Max int64 }

// Spec is one job: a section of a job file, or what follows --name.
type Spec struct {
	Name        string
	Description string
	Source      string // "FILE:LINE" or "command line", for error texts

	// Where.
	Directory string
	Filename  []string // shared by the clones of the job; empty: NAME.CLONE.FILE
	NrFiles   int
	Size      int64 // bytes of all files of a clone together; 0: NrFiles*FileSize
	FileSize  Range // bytes of each file; 0: Size/NrFiles
	IOSize    int64 // bytes to transfer in one loop; 0: Size
	Unlink    bool  // files that the run has made are removed afterwards

	// What.
	RW          Mode
	ReadPercent int   // of a mix
	BS          Range // of reads
	WriteBS     Range
	Random      RandomMap
	Seed        uint64
	Repeatable  bool // the same random numbers in every run
	Verify      bool // crc32c
	DoVerify    bool // read back what was written

	// How.
	Engines   []string // one, or several to compare
	Depth     int
	Batch     int
	NumJobs   int
	Thread    bool
	Fsync     int // after so many writes; 0: never
	Fdatasync int
	EndFsync  bool

	// How long.
	Runtime    time.Duration
	TimeBased  bool
	RampTime   time.Duration
	StartDelay time.Duration
	Loops      int
	Rate       [2]int64 // bytes/s of reads and of writes; 0: no limit
	RateIOPS   [2]int64

	// The state of the page cache.
	Invalidate bool
	PreRead    bool
	Hints      bool // tell the kernel whether reading will be random or sequential

	// The order of jobs.
	Stonewall bool   // begins when all before it have ended
	WaitFor   string // begins when that job has ended
	NewGroup  bool
	Grouped   bool // one report for all clones

	// Logs of fio's format; the values are how their file names begin.
	BandwidthLog string
	IOPSLog      string
	LatencyLog   string
	LogEvery     time.Duration

	// Mail, an addition to fio's language.
	Workload string // "": blocks
	Mail     string // directory of mails; "": the corpus, or generated
	Commit   string // "single" or "group"

	given map[string]bool // options that were said
	order []setting       // in the order they were said, for reports
}

// RandomMap says how random offsets are drawn.
type RandomMap int

const (
	EachOnce RandomMap = iota // every block once before any block twice
	Anywhere                  // norandommap
)

// setting is an option as it was written.
type setting struct{ name, value string }

// Given reports whether the option was said.
func (s *Spec) Given(name string) bool { return s.given[name] }

// Options returns the options that were said, for reports.
func (s *Spec) Options() map[string]string {
	m := make(map[string]string, len(s.order))
	for _, o := range s.order {
		m[o.name] = o.value
	}
	return m
}

// defaults are fio's, where fio has one.
func defaults() Spec {
	return Spec{
		NrFiles: 1, Unlink: true, RW: Mode{Read: true}, ReadPercent: 50,
		BS: Range{4096, 4096}, WriteBS: Range{4096, 4096}, Repeatable: true, DoVerify: true,
		Depth: 1, Batch: 1, NumJobs: 1, Loops: 1, Invalidate: true, Hints: true, Commit: "group",
	}
}
