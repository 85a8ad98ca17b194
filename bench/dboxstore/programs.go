package dboxstore

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/ringbox/ringbox/bench/engine"
	"github.com/ringbox/ringbox/fsapi"
)

// module is the path that all packages of this module begin with.
const module = "github.com/ringbox/ringbox"

// programs is where the programs of a run are.
func programs(shared string) string { return filepath.Join(shared, "programs") }

func program(shared, name string) string { return filepath.Join(programs(shared), name) }

// Ready builds the programs, unless they are there, and says why there can be no
// store on that backend: nil if there can.
func Ready(ctx context.Context, backend, shared string) error {
	fs, err := fsapi.New(fsapi.Options{Backend: fsapi.BackendKind(backend), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if err := fs.Close(); err != nil {
		return err
	}
	if _, err := os.Stat(program(shared, "lmtpd")); err == nil {
		return nil
	}
	return build(ctx, shared)
}

func build(ctx context.Context, shared string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", programs(shared)+string(filepath.Separator), module+"/cmd/dbox", module+"/bench/lmtpd")
	cmd.Dir = source()
	var said bytes.Buffer
	cmd.Stderr = &said
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it removes its files then
	cmd.WaitDelay = stopTime
	err := cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%w: go build of dbox and lmtpd: %w: %s", engine.ErrUnavailable, err, strings.ReplaceAll(strings.TrimSpace(said.String()), "\n", "; "))
	}
	return nil
}

// source is a directory of the module's source, where this file was compiled;
// "" if it is not there any more.
func source() string {
	_, file, _, _ := runtime.Caller(0)
	if _, err := os.Stat(file); err != nil {
		return ""
	}
	return filepath.Dir(file)
}
