package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

func main() {
	collectRarely()
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// collectRarely trades some memory for time: the heap of a command is a few
// MiB, which Go would clean up for every few MiB of mail that pass through. With
// the default a quarter of the CPU time of a fetch went there. GOGC still decides
// if it is set.
func collectRarely() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}

// run is the program. The first interrupt ends it in order, the second at once.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	signal.Ignore(syscall.SIGPIPE) // a write says so instead
	return execute(ctx, args, stdout, stderr)
}

// The exit codes.
const (
	exitOK       = 0
	exitProblems = 1
	exitUsage    = 2
	exitFailed   = 3
)

// usageError is a mistake on the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// errProblems says that something is wrong with the mail; what it is has been
// printed.
var errProblems = errors.New("problems found")

// execute runs a command line and returns its exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return (&app{stdin: os.Stdin, stdout: stdout, stderr: stderr}).execute(ctx, args)
}

func (a *app) execute(ctx context.Context, args []string) int {
	out := &output{w: a.stdout}
	a.stdout = out
	stderr := a.stderr
	cmd := newRoot(a)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(ctx)
	var usage usageError
	switch {
	case out.gone:
		return exitOK
	case err == nil:
		return exitOK
	case errors.Is(err, errProblems):
		return exitProblems
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "dbox: %v\nSee dbox %s--help\n", err, helpPath(cmd, args))
		return exitUsage
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "dbox: interrupted:", err)
	default:
		fmt.Fprintln(stderr, "dbox:", err)
	}
	return exitFailed
}
