package dboxfmt

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"time"
)

// Action says what a repair does with a range.
type Action uint8

const (
	Kept     Action = iota + 1 // copied byte by byte
	Rebuilt                    // body kept, header and metadata block written anew
	Salvaged                   // no message before, but now the body of one
	Dropped                    // not in the repaired file
)

var actions = [...]string{"", "kept", "rebuilt", "salvaged", "dropped"}

func (a Action) String() string {
	if int(a) < len(actions) {
		return actions[a]
	}
	return fmt.Sprintf("action %d", uint8(a))
}

// RepairOptions are the choices of [Source.Repair].
type RepairOptions struct {
	Single  bool          // single-dbox, as in ScanOptions
	Version int           // as in ScanOptions
	NewGUID func() string // for messages without one; nil: 32 random hex digits
	Created time.Time     // for a file header that has lost its own; zero: now
	Random  io.Reader     // source of separators; nil: crypto/rand
}

// RepairedRange is a range of the damaged file and what became of it.
type RepairedRange struct {
	Range
	Action Action
	// Where it is in the repaired file, in bytes; 0 and 0 if it was dropped.
	NewOffset, NewLength int64
	Note                 string // for people: what was renewed, or why it was dropped
}

// RepairReport says what a repair did.
type RepairReport struct {
	Header  FileHeader // of the repaired file
	Ranges  []RepairedRange
	Changed bool   // the repaired file is not the same as the one before
	Broken  string // where RepairFile has kept the file before; "": it is where it was

	Messages int // in the repaired file, and of these:
	Kept     int
	Rebuilt  int
	Salvaged int
	Dropped  int // ranges
}

// Repair writes the file to w as it should be. It reads the file twice: before
// the first byte is written it is known what every range is. A dry run uses
// io.Discard.
//
// An undamaged file is copied as it is. Otherwise the repaired file has a good
// header, every message that was confirmed, byte by byte, and the others with
// new headers around the body that is there: a run of bytes of the file, never
// put together from several places. Metadata that survived is kept, unknown
// items included. V is corrected unless the body is compressed or has parts
// elsewhere; G is added if it is missing. In version 3 the checksum H is that of
// the body as it is now: where it was another, the mail is kept and the report
// says so, and only the file before the repair still shows that it is damaged.
//
// Writers do not write version 1, so a damaged file of that version becomes one
// of version 2. Its messages keep their items, E, F, K and S too: a message
// marked as expunged stays marked.
//
// Garbage of at least 256 bytes, and shorter garbage that begins like a mail,
// becomes the body of a message, without the NUL bytes around it; what is left
// of garbage, a message of which nothing but NUL bytes is there, and garbage
// that is the same byte over and over are dropped. Nothing is dropped without
// being in the report. A file without any message becomes a file header.
//
// Memory is proportional to the number of ranges.
func (s Source) Repair(w io.Writer, opts RepairOptions) (*RepairReport, error) {
	r, err := s.newRepairer(w, opts)
	if err != nil {
		return nil, err
	}
	if !r.report.Changed {
		return &r.report, r.copyAll()
	}
	if err := r.writeHeader(); err != nil {
		return nil, err
	}
	for i := range r.report.Ranges {
		if err := r.write(&r.report.Ranges[i]); err != nil {
			return nil, err
		}
	}
	return &r.report, nil
}

// repairer writes the repaired file.
type repairer struct {
	src    Source
	opts   RepairOptions
	out    io.Writer
	offset int64      // in the repaired file
	was    FileHeader // of the damaged file
	report RepairReport
	buf    []byte
}

func (s Source) newRepairer(w io.Writer, opts RepairOptions) (*repairer, error) {
	if opts.NewGUID == nil {
		opts.NewGUID = randomGUID
	}
	if opts.Random == nil {
		opts.Random = rand.Reader
	}
	if opts.Created.IsZero() {
		opts.Created = time.Now()
	}
	r := &repairer{src: s, opts: opts, out: w, buf: make([]byte, 64<<10)}
	return r, r.scan()
}

func randomGUID() string {
	var id [16]byte
	rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

// scan fills the report with what there is.
func (r *repairer) scan() error {
	c := r.src.Scan(ScanOptions{Single: r.opts.Single, Version: r.opts.Version, Verify: true})
	headed := false
	for {
		found, err := c.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		good := found.Verdict == Intact || found.Verdict == FileHeaderRange && found.Reason == ""
		headed = headed || found.Verdict == FileHeaderRange
		r.report.Changed = r.report.Changed || !good
		r.report.Ranges = append(r.report.Ranges, RepairedRange{Range: found})
	}
	r.report.Changed = r.report.Changed || !headed
	r.was, r.report.Header = c.Header(), c.Header()
	return nil
}
