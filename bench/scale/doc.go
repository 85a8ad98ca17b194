// Package scale measures whether the cost of working on one message depends on
// how many there are: it makes stores of several sizes and opens them, saves a
// message and fetches one at random, in rounds, each time from the beginning,
// with nothing left in memory from the time before.
//
// The stores are made quickly and not durably. Single-dbox messages above the
// first thousand are copies, which are second names of the same files; those of
// multi-dbox stores are short. The indexes are what they would be of any others.
//
// build.go makes stores, touch.go works on them, run.go has the rounds, table.go
// prints.
package scale
