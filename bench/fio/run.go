package fio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ringbox/ringbox/bench/driver"
	"github.com/ringbox/ringbox/bench/engine"
	"github.com/ringbox/ringbox/bench/measure"
)

// Find returns where fio is installed.
func Find() (string, error) {
	path, err := exec.LookPath("fio")
	if err != nil {
		return "", fmt.Errorf("%w: fio is not installed", engine.ErrUnavailable)
	}
	return path, nil
}

// Run lets fio do a job and returns what each clone did. A cancelled context
// ends fio; what it has done until then comes with the error.
func Run(ctx context.Context, clones []*driver.Clone, ioengine string) ([]measure.Result, error) {
	path, err := Find()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "ringbox-fio-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	in, out := filepath.Join(dir, "job.fio"), filepath.Join(dir, "out.json")
	if err := os.WriteFile(in, []byte(Render(clones, ioengine)), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path, "--output-format=json+", "--output="+out, "--eta=never", in)
	cmd.Dir = dir // fio leaves files of its own where it stands
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	var said bytes.Buffer
	cmd.Stderr, cmd.Stdout = &said, &said
	err = cmd.Run()
	if err != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("fio: %w: %s", err, firstLine(said.String()))
	}
	text, err := os.ReadFile(out)
	var all []measure.Result
	if err == nil {
		all, err = results(text, clones[0], cpuTime(cmd.ProcessState, startUp(context.WithoutCancel(ctx), path, in)))
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return all, err
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

func results(text []byte, c *driver.Clone, used measure.Usage) ([]measure.Result, error) {
	all, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if len(all) != c.Spec.NumJobs {
		return nil, fmt.Errorf("fio: %d results of %d clones", len(all), c.Spec.NumJobs)
	}
	share := used.Share(len(all))
	for i := range all {
		all[i].Usage.User, all[i].Usage.System = share.User, share.System
	}
	return all, nil
}

// ErrReport: what fio has written cannot be read.
var ErrReport = errors.New("fio: unreadable report")
