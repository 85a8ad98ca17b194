package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"github.com/ringbox/ringbox/bench/fio"
	"github.com/ringbox/ringbox/bench/measure"
)

// Load reads the JSON of a run, of this program or of fio.
func Load(path string) (*Document, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	begin := bytes.IndexByte(text, '{')
	if begin < 0 {
		return nil, fmt.Errorf("%s: no JSON in it", path)
	}
	var d Document
	if err := json.Unmarshal(text[begin:], &d); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(d.Jobs) == 0 {
		return nil, fmt.Errorf("%s: no jobs in it", path)
	}
	if d.Ringbox == nil {
		d.Ringbox = fromFio(&d.Report)
	}
	d.file = path
	return &d, nil
}

// fromFio makes rows of a report of fio, which has one round.
func fromFio(r *fio.Report) *Extra {
	x := &Extra{Rounds: 1, Environment: measure.Environment{Fio: r.Version}}
	for _, j := range r.Jobs {
		option := func(name, other string) string {
			for _, options := range []map[string]string{j.Options, r.Global} {
				if v, ok := options[name]; ok {
					return v
				}
			}
			return other
		}
		row := Row{Job: j.Name, Engine: "fio:" + option("ioengine", "psync"), Workload: option("rw", "read"),
			Depth: integer(option("iodepth", "1")), Files: integer(option("nrfiles", "1")), NumJobs: integer(option("numjobs", "1")),
			IOPS: []float64{j.Read.IOPS + j.Write.IOPS}, BW: []float64{float64(j.Read.BWBytes + j.Write.BWBytes)}}
		if n := float64(j.Read.Total + j.Write.Total); n > 0 {
			row.CPUPerOp = []float64{(j.UserCPU + j.SysCPU) / 100 * float64(j.Runtime) * 1e6 / n}
		}
		row.Lat = map[string]float64{}
		side := j.Read
		if j.Write.Total > j.Read.Total {
			side = j.Write
		}
		for p, ns := range side.Clat.Percentile {
			row.Lat[p] = float64(ns)
		}
		x.Comparison = append(x.Comparison, row)
	}
	return x
}

func integer(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 1
	}
	return n
}
