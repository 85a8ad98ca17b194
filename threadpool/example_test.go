package threadpool_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/threadpool"
)

// A file is opened, read and closed by one chain.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "mail")
	if err := os.WriteFile(path, []byte("Subject: hello"), 0o600); err != nil {
		log.Fatal(err)
	}

	pool, err := threadpool.New(threadpool.Options{Workers: 2})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()

	file, buf := &backend.Handle{}, make([]byte, 100)
	ops := []*backend.Op{
		{Kind: backend.OpOpen, Path: path, Handle: file, Link: true},
		{Kind: backend.OpRead, Path: path, Handle: file, Buf: buf, Link: true},
		{Kind: backend.OpClose, Path: path, Handle: file},
	}
	done := make([]*backend.Op, len(ops))
	_, n, err := pool.Submit(ops, done) // it takes all: nothing else is in flight
	for err == nil && n < len(ops) {
		var more int
		more, err = pool.Reap(done[n:])
		n += more
	}
	if err != nil {
		log.Fatal(err)
	}
	read := ops[1]
	fmt.Printf("%q, end of file %v, error %v\n", buf[:read.N], read.EOF, read.Err)
	// Output: "Subject: hello", end of file true, error <nil>
}
