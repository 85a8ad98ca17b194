// Command bench measures what the engines of ringbox are worth, on mail and on
// plain blocks, beside fio, os.File and Dovecot.
//
//	go run ./bench                     # the main job, under a minute
//	go run ./bench --mail DIR          # the main job with every file below DIR as a mail
//	go run ./bench JOB.fio             # a job in fio's language
//	go run ./bench --name=a --rw=randread --bs=4k --size=64m --iodepth=16 --ioengine=uring,sync,fio:io_uring
//	go run ./bench --name=m --workload=mail-deliver --iodepth=16 --ioengine=sdbox:uring,dovecot:sdbox
//	go run ./bench targets             # the jobs in bench/targets, one after the other
//	go run ./bench report *.json -o report.html
//	go run ./bench --help; go run ./bench run --help
//
// # The main job
//
// Every mail is delivered (Create, Write, CommitAs: synced, named, directory
// synced) with many in flight, and then read back in four ways: with callbacks
// and Pread, through the non-blocking InputStream, through the blocking Reader
// on a few goroutines, and with ReadFiles. Each byte that comes back is
// compared with the byte that went in; any difference or error ends the
// program with exit code 1 and names file and offset. Wrong flags are exit
// code 2.
//
// # Jobs
//
// Jobs have fio's options, names and units; package job lists them. An option
// that fio has and bench has not is an error, never ignored. Several names in
// ioengine are compared: the engines take turns in rounds. Reports are in fio's
// layouts (--output-format=normal, json, json+, terse) or in that of go test
// -bench, for benchstat. workload= does mail in place of blocks; see package
// workload.
//
// What differs from fio: options of the command line win over those of the job
// file. Files that the run has made are removed afterwards, unless unlink=0, and
// only those are written to. The FS API does not overwrite: on uring and
// threadpool writes are appended, in a mix to FILE.append, and a file that has
// its size is begun anew. Plain names of fio's engines (libaio, psync) mean the
// installed fio; sync is os.File.
//
// # Honesty
//
// The engines take turns in rounds, in a random order whose seed is printed.
// Figures are medians over the rounds. The ratio of two engines is computed
// within each round; its column shows the median and the extremes, and calls
// it a tie if they lie on both sides of 1. A second table compares the first
// engine with each of the others. Each round works in a directory of
// its own, which ext4 is asked to put far from the others: see measure/spread_linux.go
// for how much earlier runs would spoil a delivery otherwise. CPU time is user and system time of
// the process, the kernel's io_uring workers included, since they are threads
// of it, and of child processes: fio's (less what its start costs), doveadm, and
// Dovecot's servers. The page cache is put into the state that a job asks for,
// by posix_fadvise on each file or, with --drop-caches, for the whole machine;
// each result says how much was cached when it began.
//
// An interrupt ends a run; what was measured until then is printed.
//
// # Reading the source
//
// The main job: main.go (flags), rounds.go (who runs when), deliver.go and
// fetch*.go (the work), compare.go (what makes a run fail), result.go and
// table.go (what comes out). Jobs: jobs.go and line.go (the command line),
// targets.go, pages.go (report), progress.go. Packages: job (fio's language),
// driver (the loop of a block job) on engine (ways to do a block), workload (mail)
// on mail, fio (the installed one), rounds (turns and fairness), measure
// (counting, CPU time, page cache, machine), report (all that is printed). Whole
// stores: dboxstore and dovecot, with lmtp (the client) and lmtpd (a server).
// scale measures what does not fit the frame: cost by size of a store.
package main
