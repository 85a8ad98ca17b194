package main

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/ringbox/ringbox/bench/rounds"
)

// steps is how fine the progress line is.
const steps = 1000

// newProgress returns a progress line with an estimate, if eta asks for one.
func newProgress(eta string, w io.Writer) rounds.Progress {
	f, ok := w.(*os.File)
	terminal := ok && term.IsTerminal(int(f.Fd()))
	if eta == "never" || eta == "auto" && !terminal {
		return rounds.Silent{}
	}
	return &progress{progressbar.NewOptions(steps,
		progressbar.OptionSetWriter(w), progressbar.OptionSetPredictTime(true), progressbar.OptionSetElapsedTime(true),
		progressbar.OptionSetWidth(20), progressbar.OptionClearOnFinish())}
}

type progress struct{ bar *progressbar.ProgressBar }

// At implements rounds.Progress. A progress line that cannot be written is no
// reason to stop.
func (p *progress) At(share float64, what string) {
	p.bar.Describe(what)
	_ = p.bar.Set(min(int(share*steps), steps-1))
}

// Done implements rounds.Progress.
func (p *progress) Done() { _ = p.bar.Finish() }
