package fsapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/ringbox/ringbox/fsapi"
)

// Deliver a mail so that it survives a power cut, and read it back.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	ctx := context.Background()
	fs, err := fsapi.New(fsapi.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	defer fs.Close()

	mail := fs.Create(filepath.Join(dir, "incoming"), fsapi.FailIfExists, fsapi.Perm{})
	w := fsapi.NewWriter(ctx, mail)
	fmt.Fprint(w, "Subject: hello\n\nA ring in a box.\n")
	if err := w.CommitAs("u.1"); err != nil { // synced, then named, then the directory synced
		log.Fatal(err)
	}
	mail.Close()

	mail = fs.Open(filepath.Join(dir, "u.1"), fsapi.ReadOnly) // cannot fail, does not wait
	defer mail.Close()
	text, err := io.ReadAll(fsapi.NewReader(ctx, mail))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(text))
	// Output:
	// Subject: hello
	//
	// A ring in a box.
}

// An event loop on one goroutine: many files, nobody waits for one of them.
func ExampleFS_Wait() {
	fs, err := fsapi.New(fsapi.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	defer fs.Close()

	files := map[string]*fsapi.File{}
	for _, name := range []string{"doc.go", "example_test.go", "missing.go"} {
		files[name] = fs.Open(name, fsapi.ReadOnly)
	}
	missing, buf := 0, make([]byte, 4096)
	offsets := map[string]int64{}
	for len(files) > 0 {
		for name, f := range files {
			n, err := f.Pread(buf, offsets[name])
			offsets[name] += int64(n)
			switch {
			case err == nil, errors.Is(err, fsapi.ErrAgain):
				continue
			case errors.Is(err, os.ErrNotExist):
				missing++
			case !errors.Is(err, io.EOF):
				log.Fatal(err)
			}
			f.Close()
			delete(files, name)
		}
		if err := fs.Wait(context.Background()); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("missing:", missing)
	// Output: missing: 1
}
