package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/bench/scale"
	"github.com/ringbox/ringbox/fsapi"
)

func scaleCommand(stdout, stderr io.Writer) *cobra.Command {
	o := scale.Options{}
	var formats []string
	var backend, dir, eta string
	cmd := &cobra.Command{
		Use:   "scale",
		Short: "Compare what one message costs in stores of a thousand and of a million",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("scale: unexpected argument %q", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if err := checkScale(o, formats, backend, dir); err != nil {
				return usageError{err}
			}
			o.Backend = fsapi.BackendKind(backend)
			bar := newProgress(eta, stderr)
			defer bar.Done()
			o.Progress = func(what string) { bar.At(0, what) }
			for _, o.Format = range formats {
				if err := runScale(cmd, o, dir, stdout); err != nil {
					return err
				}
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&formats, "format", []string{"sdbox", "mdbox"}, "sdbox, mdbox")
	f.IntSliceVar(&o.Sizes, "messages", []int{1000, 1_000_000}, "sizes of the stores; the first is what the others are compared with")
	f.StringVar(&backend, "backend", "auto", "auto, uring or threadpool")
	f.StringVar(&dir, "directory", os.TempDir(), "where to make the directory for the stores; it is removed afterwards")
	f.IntVar(&o.Rounds, "rounds", 5, "rounds")
	f.IntVar(&o.Repeat, "repeat", 20, "how often a store is opened in a round")
	f.Uint64Var(&o.Seed, "seed", 1, "of the order and of which message is fetched")
	f.StringVar(&eta, "eta", "auto", "progress line: auto (on a terminal), always, never")
	return cmd
}

func checkScale(o scale.Options, formats []string, backend, dir string) error {
	for _, format := range formats {
		if format != "sdbox" && format != "mdbox" {
			return fmt.Errorf("--format %q: sdbox or mdbox", format)
		}
	}
	switch {
	case !slices.Contains([]string{"auto", "uring", "threadpool"}, backend):
		return fmt.Errorf("--backend %q: auto, uring or threadpool", backend)
	case len(o.Sizes) == 0 || slices.Min(o.Sizes) < 1 || slices.Max(o.Sizes) > 50_000_000:
		return errors.New("--messages: numbers from 1 to 50000000")
	case o.Rounds < 1 || o.Repeat < 1:
		return errors.New("--rounds and --repeat: 1 at least")
	}
	return isDirectory(dir)
}

func runScale(cmd *cobra.Command, o scale.Options, dir string, stdout io.Writer) (err error) {
	if o.Dir, err = os.MkdirTemp(dir, "ringbox-scale-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.Dir)) }()
	stores, err := scale.Run(cmd.Context(), o)
	if stores != nil {
		scale.Print(stdout, o.Format, stores)
	}
	return err
}
