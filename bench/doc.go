// Command bench moves real mail through both engines of ringbox, compares
// every byte, and prints one table that says what each engine is worth.
//
//	go run ./bench                 # mail of ../shared/corpus if it is there, else generated
//	go run ./bench --mail DIR      # every regular file below DIR is a mail
//	go run ./bench --help
//
// # The job
//
// Every mail is delivered (Create, Write, CommitAs: synced, named, directory
// synced) with many in flight, and then read back in four ways: with callbacks
// and Pread, through the non-blocking InputStream, through the blocking Reader
// on a few goroutines, and with ReadFiles. Each byte that comes back is
// compared with the byte that went in; any difference or error ends the
// program with exit code 1 and names file and offset. Wrong flags are exit
// code 2.
//
// # Honesty
//
// The engines take turns in rounds, in a random order whose seed is printed.
// Figures are medians over the rounds. The ratio of two engines is computed
// within each round; its column shows the median and the extremes, and calls
// it a tie if they lie on both sides of 1. Each round works in a directory of
// its own, which ext4 is asked to put far from the others: see spread_linux.go
// for how much earlier runs would spoil a delivery otherwise. CPU time is user and system time of
// the process, the kernel's io_uring workers included, since they are threads
// of it.
//
// # Reading the source
//
// main.go (flags), mail.go with corpus.go and generate.go (where mail comes
// from), rounds.go (who runs when), deliver.go and fetch*.go (the work; await.go
// is where their event loops wait), compare.go (what makes a run fail),
// result.go and table.go (what comes out).
package main
