// Package rounds runs jobs on engines so that the results can be compared.
//
// A turn is all jobs on one engine; a round is a turn of each engine, in a
// random order. What is needed for that order to be fair is done before each
// turn and not measured: files written by the turn before are removed, and the
// page cache is put into the state that the jobs ask for.
//
// options.go (what is asked for), run.go (rounds and turns), turn.go (one turn:
// which job begins when), blocks.go, fio.go and mail.go (a job on an engine of
// either kind), outcome.go (what comes out), progress.go.
package rounds
