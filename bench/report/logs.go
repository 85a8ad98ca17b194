package report

import (
	"bufio"
	"errors"
	"fmt"
	"os"

	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/bench/rounds"
)

// Logs writes the logs that jobs ask for, one file for each clone: a line has
// the time in milliseconds, a value, the direction and the block size. The
// priority that fio 3 adds is left out: not all of fio's own tools can read it.
// With several engines, the engine's name is part of the file's.
func Logs(o *rounds.Outcome) error {
	clone := 0
	for i, s := range o.Specs {
		for k := range s.NumJobs {
			clone++
			for _, e := range o.Engines {
				if p := o.Typical(e, i); k < len(p.Clones) {
					if err := writeLogs(o, p, k, clone, e); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

func writeLogs(o *rounds.Outcome, p rounds.Part, k, clone int, engine string) error {
	suffix := fmt.Sprintf(".%d.log", clone)
	if len(o.Engines) > 1 {
		suffix = "." + word(engine) + suffix
	}
	series := p.Clones[k].Series
	return errors.Join(
		writeLog(p.Spec.BandwidthLog, "_bw"+suffix, series, func(s measure.Sample) int64 {
			return int64(float64(s.Bytes) / 1024 / s.Took.Seconds())
		}),
		writeLog(p.Spec.IOPSLog, "_iops"+suffix, series, func(s measure.Sample) int64 {
			return int64(float64(s.IOs) / s.Took.Seconds())
		}),
		writeLog(p.Spec.LatencyLog, "_lat"+suffix, series, func(s measure.Sample) int64 { return int64(s.Lat) }),
	)
}

func writeLog(prefix, suffix string, series []measure.Sample, value func(measure.Sample) int64) (err error) {
	if prefix == "" {
		return nil
	}
	f, err := os.Create(prefix + suffix)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for _, s := range series {
		fmt.Fprintf(w, "%d, %d, %d, %d\n", s.At.Milliseconds(), value(s), s.Dir, s.Bytes/max(s.IOs, 1))
	}
	return errors.Join(w.Flush(), f.Close())
}
