package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ringbox/ringbox/bench/job"
)

// line is a command line in fio's way.
type line struct {
	files      []string
	options    []string // NAME=VALUE, of jobs
	sections   []string
	output     string
	formats    []string
	rounds     int
	seed       uint64
	baseline   string
	eta        string
	dropCaches bool
	parseOnly  bool
}

var errHelp = errors.New("help is wanted")

const runHelp = `Run jobs in fio's language: bench JOB.fio..., or bench --name=NAME --rw=... and so on.
Options of the command line win over those of a job file.

Of the whole run:
  --ioengine=A,B,C     compare engines:
                         uring, threadpool           files of the FS API
                         uring-raw, iouring-go       rings without it
                         sync, pread                 os.File; bare pread in iodepth goroutines
                         fio:psync, fio:sync, fio:io_uring, fio:libaio, fio:posixaio, fio:mmap
                         fio:io_uring+registered     with fixedbufs and registerfiles
                         fio:io_uring+complete       with iodepth_batch_complete_min
                       and for mail:
                         readfile, syscalls, serial  blocking: os.ReadFile; bare system calls;
                                                     one goroutine that writes
                         sdbox:uring, sdbox:threadpool, mdbox:uring, mdbox:threadpool
                                                     stores of this library
                         dovecot:sdbox, dovecot:mdbox
  --rounds=N           rounds (five if there are several engines, else one)
  --baseline=ENGINE    compare with this one (the last)
  --seed=N             of the order of the engines
  --section=NAME       only this job of the file; may be repeated
  --output=FILE        write there
  --output-format=F,G  normal, json, json+, terse, gobench
  --eta=WHEN           progress line: auto (on a terminal), always, never
  --drop-caches        where a job asks for a cold cache, drop the machine's (root only)
  --parse-only         read the jobs and stop

Of jobs:
`

// formats are the values of --output-format.
var formats = []string{"normal", "json", "json+", "terse", "gobench"}

// alone are options of the run that take no value.
var alone = []string{"drop-caches", "parse-only", "help"}

func parseLine(args []string) (*line, error) {
	l := &line{formats: formats[:1], seed: 1, eta: "auto"}
	for i := 0; i < len(args); i++ {
		name, isOption := strings.CutPrefix(args[i], "--")
		if args[i] == "-h" {
			return nil, errHelp
		}
		if !isOption {
			if strings.HasPrefix(name, "-") {
				return nil, fmt.Errorf("%s: options begin with two hyphens", name)
			}
			l.files = append(l.files, name)
			continue
		}
		name, value, given := strings.Cut(name, "=")
		name = strings.ReplaceAll(name, "output_format", "output-format")
		if !given && !slices.Contains(alone, name) && !job.Alone(name) && i+1 < len(args) {
			i++
			value = args[i]
		}
		if err := l.set(name, value); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (l *line) set(name, value string) (err error) {
	bad := func(reason string) error { return fmt.Errorf("--%s: %q: %s", name, value, reason) }
	switch name {
	case "help":
		return errHelp
	case "parse-only":
		l.parseOnly = true
	case "drop-caches":
		l.dropCaches = true
	case "output":
		l.output = value
	case "output-format":
		l.formats = strings.Split(value, ",")
		for _, f := range l.formats {
			if !slices.Contains(formats, f) {
				return bad(strings.Join(formats, ", "))
			}
		}
	case "section":
		l.sections = append(l.sections, value)
	case "baseline":
		l.baseline = value
	case "eta":
		if !slices.Contains([]string{"auto", "always", "never"}, value) {
			return bad("auto, always or never")
		}
		l.eta = value
	case "rounds":
		if l.rounds, err = strconv.Atoi(value); err != nil || l.rounds < 1 || l.rounds > 1000 {
			return bad("1 to 1000")
		}
	case "seed":
		if l.seed, err = strconv.ParseUint(value, 10, 64); err != nil {
			return bad("not a number")
		}
	default:
		l.options = append(l.options, name+"="+value)
	}
	return nil
}
