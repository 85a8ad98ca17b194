package mailfmt

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/ringbox/ringbox/cmd/dbox/stores"
	"github.com/ringbox/ringbox/fsapi"
)

// Format is a way of keeping mail in files.
type Format string

const (
	Maildir     Format = "maildir"
	Mbox        Format = "mbox"
	EML         Format = "eml"
	SingleBoxes Format = "sdbox-files" // u.N in a directory
	MultiBoxes  Format = "mdbox-files" // m.N in a directory

	SingleStore = Format(stores.Single) // sdbox: a whole store
	MultiStore  = Format(stores.Multi)  // mdbox
)

// IsBox reports whether the format is one of the two of dbox.
func (f Format) IsBox() bool { return f == SingleBoxes || f == MultiBoxes }

// IsStore reports whether the format is one of whole stores.
func (f Format) IsStore() bool { return f == SingleStore || f == MultiStore }

// formats are all there are.
var formats = []Format{Maildir, Mbox, EML, SingleStore, MultiStore, SingleBoxes, MultiBoxes}

// Location is where mail is, or is to be.
type Location struct {
	Format Format // empty: not said
	Path   string
	Alt    string // root of the alternate storage of a store; "": the store knows
}

func (l Location) store() stores.Location {
	return stores.Location{Kind: stores.Kind(l.Format), Root: l.Path, Alt: l.Alt}
}

func fromStore(l stores.Location) Location {
	return Location{Format: Format(l.Kind), Path: l.Root, Alt: l.Alt}
}

var prefixed = regexp.MustCompile(`^([a-z][a-z-]+):(.*)$`)

// ParseLocation reads FORMAT:PATH or PATH. A path that looks as if it had a
// format is written with ./ before it.
func ParseLocation(text string) (Location, error) {
	if m := prefixed.FindStringSubmatch(text); m != nil {
		l := Location{Format: Format(m[1]), Path: m[2]}
		switch {
		case l.Format.IsStore():
			store, err := stores.Parse(text)
			return fromStore(store), err
		case !slices.Contains(formats, l.Format):
			return Location{}, fmt.Errorf("%s: unknown format %q; there are %s", text, m[1], formatNames())
		case l.Path == "":
			return Location{}, fmt.Errorf("%s: no path", text)
		}
		return l, nil
	}
	if text == "" {
		return Location{}, errors.New("an empty path")
	}
	return Location{Path: text}, nil
}

func formatNames() string {
	var names []string
	for _, f := range formats {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

// OpenOptions are the choices of [Location.Open].
type OpenOptions struct {
	// Folders: of a Maildir the folders in it come too (Maildir++).
	Folders bool
	// Mailbox is the only one that is read of a store or a Maildir with its
	// folders; "": all.
	Mailbox string
	Store   stores.Options // FS need not be set
}

// Open opens the mail there, which has a format.
func (l Location) Open(ctx context.Context, fsys *fsapi.FS, opts OpenOptions) (Source, error) {
	switch l.Format {
	case Maildir:
		if opts.Folders {
			return OpenMaildirTree(ctx, fsys, l.Path, opts.Mailbox)
		}
		return OpenMaildir(ctx, fsys, l.Path)
	case Mbox:
		return OpenMbox(ctx, fsys, l.Path)
	case EML:
		return OpenEML(ctx, fsys, l.Path)
	case SingleStore, MultiStore:
		opts.Store.FS = fsys
		s, err := stores.Open(ctx, l.store(), opts.Store)
		if err != nil {
			return nil, err
		}
		src, err := OpenStore(ctx, s, opts.Mailbox)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		return src, nil
	}
	return OpenBoxes(ctx, fsys, l.Path)
}

// Create begins to write mail there. What it writes does not end with ctx: to
// stop, stop adding.
func (l Location) Create(ctx context.Context, fsys *fsapi.FS, opts BoxOptions) (Target, error) {
	ctx = context.WithoutCancel(ctx)
	switch l.Format {
	case Maildir:
		if opts.Folders {
			return CreateMaildirTree(ctx, fsys, l.Path, opts.Portable)
		}
		return CreateMaildir(ctx, fsys, l.Path, opts.Portable)
	case Mbox:
		return CreateMbox(ctx, fsys, l.Path)
	case EML:
		return CreateEML(ctx, fsys, l.Path)
	case SingleBoxes:
		return CreateSingleBoxes(ctx, fsys, l.Path, opts)
	case SingleStore, MultiStore:
		opts.Store.FS = fsys
		s, err := stores.Open(ctx, l.store(), opts.Store)
		if err != nil {
			return nil, err
		}
		return CreateInStore(ctx, s, opts.KeepUIDs), nil
	}
	return CreateMultiBoxes(ctx, fsys, l.Path, opts)
}

func (l Location) String() string {
	if l.Format.IsStore() {
		return l.store().String()
	}
	return string(l.Format) + ":" + l.Path
}
