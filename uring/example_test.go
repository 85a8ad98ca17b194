//go:build linux && (amd64 || arm64)

package uring_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/uring"
)

// Read a file with one chain: open, read and close need no step in between.
func Example() {
	e, err := uring.New(uring.Options{})
	if errors.Is(err, backend.ErrUnavailable) {
		log.Println("use the thread pool instead:", err)
		return
	}
	defer e.Close()

	h, buf := new(backend.Handle), make([]byte, 4096)
	ops := []*backend.Op{
		{Kind: backend.OpOpen, Path: "example_test.go", Handle: h, Link: true},
		{Kind: backend.OpRead, Handle: h, Buf: buf, Link: true},
		{Kind: backend.OpClose, Handle: h},
	}
	done := make([]*backend.Op, len(ops))
	_, finished, err := e.Submit(ops, done)
	for err == nil && finished < len(ops) {
		var n int
		n, err = e.Reap(done)
		finished += n
	}
	if err = errors.Join(err, ops[1].Err); err != nil {
		log.Fatal(err)
	}
	fmt.Println(ops[1].EOF, string(buf[:10]))
	fmt.Println(h.IsOpen())
}
