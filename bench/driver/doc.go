// Package driver runs one clone of a block job on one engine, the way fio does:
// it keeps iodepth requests in flight, draws their offsets, and counts what
// comes back.
//
// layout.go makes the files, pattern.go says which block is next, pace.go holds
// rate=, verify.go writes and checks blocks that tell what they are, clone.go is
// the loop.
package driver
