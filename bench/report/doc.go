// Package report prints what a run has found out: in the layout that readers of
// fio know (normal.go), as JSON with fio's keys (json.go), as fio's terse line
// (terse.go), as lines of go test -bench for benchstat (gobench.go), and as a
// page with charts (page.go, charts.go).
//
// Where several rounds were run, fio's formats show the round whose rate is the
// median; the table of compare.go and the JSON's key "ringbox" have all of them.
package report
