package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/dboxfmt/mdbox"
	"github.com/ringbox/ringbox/dboxfmt/sdbox"
	"github.com/ringbox/ringbox/fsapi"
)

func main() {
	backend := flag.String("backend", string(fsapi.Auto), "engine: auto, uring or threadpool")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: lmtpd [-backend NAME] sdbox:PATH|mdbox:PATH")
		os.Exit(2)
	}
	if err := run(*backend, flag.Arg(0), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "lmtpd:", err)
		os.Exit(1)
	}
}

// run serves until stdin ends.
func run(backend, location string, stdin io.Reader, stdout io.Writer) (err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	fsys, err := fsapi.New(fsapi.Options{Backend: fsapi.BackendKind(backend)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fsys.Close()) }()
	store, err := open(ctx, fsys, location)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	inbox, err := store.Open(ctx, mailstore.Inbox)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, inbox.Close()) }()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := newServer(ctx, inbox)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(listener) }()
	if _, err := fmt.Fprintln(stdout, listener.Addr()); err != nil {
		return errors.Join(err, s.Close())
	}
	_, err = io.Copy(io.Discard, stdin)
	err = errors.Join(err, s.Shutdown(ctx))
	<-ended // what Serve returns is that it was told to end
	return err
}

// open opens the store that FORMAT:PATH says.
func open(ctx context.Context, fsys *fsapi.FS, location string) (mailstore.Store, error) {
	format, path, _ := strings.Cut(location, ":")
	switch {
	case path == "":
	case format == "sdbox":
		return sdbox.Open(ctx, sdbox.Options{FS: fsys, Root: path, Version: 2})
	case format == "mdbox":
		return mdbox.Open(ctx, mdbox.Options{FS: fsys, Root: path, Version: 2})
	}
	return nil, fmt.Errorf("%q: sdbox:PATH or mdbox:PATH", location)
}
