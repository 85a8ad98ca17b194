package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"syscall"
)

// output is standard output. It notices when nobody reads it any more.
type output struct {
	w    io.Writer
	gone bool
}

// Write implements [io.Writer].
func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		o.gone = true
	}
	return n, err
}

// printer collects what a command prints. Its methods keep the first error for
// flush.
type printer struct {
	*bufio.Writer
	json *json.Encoder
}

func newPrinter(w io.Writer) *printer {
	buffered := bufio.NewWriterSize(w, 32<<10)
	p := &printer{buffered, json.NewEncoder(buffered)}
	p.json.SetEscapeHTML(false)
	return p
}

func (p *printer) printf(format string, args ...any) { fmt.Fprintf(p.Writer, format, args...) }

// object prints a line of JSON.
func (p *printer) object(v any) error { return p.json.Encode(v) }
