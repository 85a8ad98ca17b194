// Package job reads the language in which fio describes a job: options with
// fio's names and units, on a command line or in a job file.
//
//	[global]
//	directory=/var/tmp
//	size=64m
//
//	[readers]
//	rw=randread
//	bs=4k
//	numjobs=4
//
// A section is a job. What [global] says holds for the sections that follow it.
// Comments begin with ; or # and end with the line; ${NAME} stands for a
// variable of the environment.
//
// # Units
//
// A size is a number with k, m, g, t or p, in either case, with or without a b
// behind it: powers of 1024. As in fio, ki, mi and so on are powers of 1000
// then; kb_base=1000 exchanges the two. A time is in seconds unless d, h, m, s,
// ms or us stands behind it.
//
// # What is not there
//
// An option that fio has and this program does not is an error that says so; so
// is a value that would have to be ignored. Where fio ignores options of the
// command line that the job file sets as well, here the command line wins: that
// is how a job file runs with another size, or on another engine.
//
// # Reading the source
//
// spec.go (what a job is), options.go (every option), units.go and value.go
// (how a value is read), file.go and args.go (where options come from),
// check.go (what does not go together), refuse.go (what fio has and this
// program has not), rw.go (rw=).
package job
