package dboxfmt_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/fsapi"
)

// Deliver a message of unknown size, then send it to somebody without waiting
// for the disk: an event loop on one goroutine.
func ExampleMessageStream() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	fs, err := fsapi.New(fsapi.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	defer fs.Close()

	ctx, path := context.Background(), filepath.Join(dir, "u.1")
	w, err := dboxfmt.NewFileWriter(fs.Create(path, fsapi.FailIfExists, fsapi.Perm{}), dboxfmt.NewFileHeader(3, time.Now()),
		dboxfmt.FileWriterOptions{Context: ctx}) // one that waits
	if err != nil {
		log.Fatal(err)
	}
	defer w.Close()
	m, err := w.Create(dboxfmt.UnknownSize)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprint(m, "Subject: hello\n\nA ring in a box.\n")
	if _, err := m.Finish(nil); err != nil {
		log.Fatal(err)
	}
	if err := w.Commit(); err != nil { // durable, and there for others
		log.Fatal(err)
	}

	s := dboxfmt.NewSingleStream(fs.Open(path, fsapi.ReadOnly), dboxfmt.StreamOptions{Verify: true, Owns: true})
	defer s.Close()
	for sent, p := false, make([]byte, 4096); ; {
		if !sent { // the size comes first
			if msg, e := s.Message(); e == nil {
				fmt.Printf("{%d}\n", msg.BodySize)
				sent = true
			} else {
				err = e
			}
		}
		if sent {
			var n int
			n, err = s.Read(p)
			os.Stdout.Write(p[:n])
		}
		switch err {
		case nil:
		case fsapi.ErrAgain: // here a server would look after its other clients
			if err := fs.Wait(ctx); err != nil {
				log.Fatal(err)
			}
		case io.EOF: // and the checksum was right
			return
		default:
			log.Fatal(err)
		}
	}
	// Output:
	// {33}
	// Subject: hello
	//
	// A ring in a box.
}
