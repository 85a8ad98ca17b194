package mailfmt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ringbox/ringbox/cmd/dbox/files"
	"github.com/ringbox/ringbox/cmd/dbox/stores"
	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/fsapi"
)

// ErrGuess: it cannot be told what is at a path; say the format.
var ErrGuess = errors.New("say FORMAT:PATH, with one of " + formatNames())

// Guess finds out the format of mail that exists.
func (l Location) Guess(ctx context.Context, fsys *fsapi.FS) (Location, error) {
	if l.Format != "" {
		return l, nil
	}
	info, err := fsys.Stat(ctx, l.Path)
	if err != nil {
		return l, err
	}
	var found []Format
	if info.IsDir() {
		var kind stores.Kind
		if kind, err = stores.Layout(ctx, fsys, l.Path); err != nil {
			return l, err
		}
		found, err = formatsInDir(ctx, fsys, l.Path)
		if kind != "" {
			found = append(found, Format(kind))
		}
	} else {
		found, err = formatsOfFile(ctx, fsys, l.Path)
	}
	if err != nil {
		return l, err
	}
	switch len(found) {
	case 0:
		return l, fmt.Errorf("%s: no mail recognised; %w", l.Path, ErrGuess)
	case 1:
		return Location{Format: found[0], Path: l.Path}, nil
	}
	return l, fmt.Errorf("%s: may be any of %v; %w", l.Path, found, ErrGuess)
}

func formatsInDir(ctx context.Context, fsys *fsapi.FS, dir string) (found []Format, err error) {
	entries, err := fsys.ReadDir(ctx, dir)
	add := func(f Format) {
		if !slices.Contains(found, f) {
			found = append(found, f)
		}
	}
	for _, e := range entries {
		kind, _ := files.Parse(e.Name())
		switch {
		case e.IsDir() && e.Name() == "cur":
			add(Maildir)
		case e.IsDir():
		case kind == files.Single:
			add(SingleBoxes)
		case kind == files.Multi:
			add(MultiBoxes)
		case isEML(e.Name()):
			add(EML)
		}
	}
	return found, err
}

func formatsOfFile(ctx context.Context, fsys *fsapi.FS, path string) ([]Format, error) {
	f, err := files.Open(ctx, fsys, path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	start := make([]byte, 512)
	n, err := f.ReadAt(start, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	kind, _ := files.Parse(path)
	_, err = dboxfmt.ParseFileHeader(start[:n])
	switch {
	case err == nil && kind == files.Single:
		return []Format{SingleBoxes}, nil
	case err == nil || kind == files.Multi:
		return []Format{MultiBoxes}, nil
	case kind == files.Single:
		return []Format{SingleBoxes}, nil
	case strings.HasPrefix(string(start[:n]), "From "):
		return []Format{Mbox}, nil
	case isEML(filepath.Base(path)):
		return []Format{EML}, nil
	}
	return nil, nil
}

// GuessStore finds out whether there is a store. If not, the format stays empty.
func (l Location) GuessStore(ctx context.Context, fsys *fsapi.FS) (Location, error) {
	if l.Format != "" {
		return l, nil
	}
	kind, err := stores.Layout(ctx, fsys, l.Path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	l.Format = Format(kind)
	return l, err
}

// GuessNew finds out the format of mail that is to be written: a Maildir or an
// empty directory that exists, or what the name says.
func (l Location) GuessNew(ctx context.Context, fsys *fsapi.FS) (Location, error) {
	if l.Format != "" {
		return l, nil
	}
	if strings.EqualFold(filepath.Ext(l.Path), ".mbox") {
		return Location{Format: Mbox, Path: l.Path}, nil
	}
	found, err := formatsInDir(ctx, fsys, l.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return l, err
	}
	if slices.Contains(found, Maildir) {
		return Location{Format: Maildir, Path: l.Path}, nil
	}
	return l, fmt.Errorf("%s: %w", l.Path, ErrGuess)
}
