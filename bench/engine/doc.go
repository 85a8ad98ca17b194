// Package engine does reads, writes and syncs of blocks in several ways, behind
// one interface, so that a driver can measure them with the same loop.
//
//	uring, threadpool   files of the FS API; writes are appended
//	uring-raw           the ring engine without the FS API
//	sync                os.File: one system call after the other
//	pread               the system call, on descriptors that goroutines share
//	iouring-go          the high-level ring of github.com/iceber/iouring-go
//
// iouring-go is there in programs built with
//
//	go build -tags iouringgo -ldflags=-checklinkname=0
//
// since it does not link otherwise.
package engine
