package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/ringbox/ringbox/cmd/dbox/files"
	"github.com/ringbox/ringbox/cmd/dbox/stores"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// verifyPaths tells the stores among paths, and returns where message files are
// to be looked for.
func verifyPaths(ctx context.Context, fsys *fsapi.FS, args []string) (paths []string, all []stores.Location, err error) {
	for _, arg := range args {
		l, err := verifyStore(ctx, fsys, arg)
		if err != nil {
			return nil, nil, err
		}
		if l.Kind == "" {
			paths = append(paths, l.Root)
			continue
		}
		all = append(all, l)
		paths = append(paths, l.Root)
		_, err = fsys.Stat(ctx, l.AltRoot())
		if err == nil {
			paths = append(paths, l.AltRoot())
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, err
		}
	}
	return paths, all, nil
}

// verifyStore returns the store that an argument is, or without a kind, what is
// no store.
func verifyStore(ctx context.Context, fsys *fsapi.FS, arg string) (stores.Location, error) {
	l, err := stores.Parse(arg)
	if err != nil {
		return l, usageError{err}
	}
	if l.Kind != "" || l.Alt != "" {
		return l.Find(ctx, fsys, false)
	}
	l.Root = arg
	info, err := fsys.Stat(ctx, arg)
	if err == nil && info.IsDir() {
		l.Kind, err = stores.Layout(ctx, fsys, arg)
	}
	return l, err
}

// isAltLink reports whether what Find passes over is looked at all the same.
func isAltLink(f files.Found, all []stores.Location) bool {
	for _, l := range all {
		if f.Path == (stores.Location{Root: l.Root}).AltRoot() {
			return true
		}
	}
	return false
}

// verifyStores compares the indexes of stores with their files.
func (a *app) verifyStores(ctx context.Context, fsys *fsapi.FS, all []stores.Location, out *report, sum *verifySummary) error {
	for _, l := range all {
		s, err := stores.Open(ctx, l, stores.Options{FS: fsys, Version: 2, Logger: a.logger()}) // nothing is written
		if err != nil {
			return err
		}
		sum.Stores++
		var printing error
		err = s.Verify(ctx, func(p mailstore.Problem) {
			sum.addStoreProblem(p)
			printing = errors.Join(printing, out.storeProblem(l, p))
		})
		if err := errors.Join(err, printing, s.Close()); err != nil {
			return fmt.Errorf("%s: %w", l, err)
		}
	}
	return nil
}

// storeProblemJSON is a line of verify about a store.
type storeProblemJSON struct {
	Type    string `json:"type"` // "problem" or "harmless"
	Store   string `json:"store"`
	Mailbox string `json:"mailbox,omitempty"`
	UID     uint32 `json:"uid,omitempty"`
	File    string `json:"file,omitempty"`
	Offset  int64  `json:"offset"`
	Reason  string `json:"reason"`
}

func (r *report) storeProblem(l stores.Location, p mailstore.Problem) error {
	if r.json {
		j := storeProblemJSON{"problem", l.String(), p.Mailbox, p.UID, p.File, p.Offset, p.Err.Error()}
		if p.Harmless {
			j.Type = "harmless"
		}
		return r.out.object(j)
	}
	file := p.File
	if file == "" {
		file = l.Root
	}
	text := ""
	if p.Harmless {
		text = "harmless: "
	}
	if p.Mailbox != "" {
		text += fmt.Sprintf("mailbox %q: ", p.Mailbox)
	}
	if p.UID != 0 {
		text += fmt.Sprintf("uid %d: ", p.UID)
	}
	return r.problem(file, p.Offset, 0, text+p.Err.Error())
}
