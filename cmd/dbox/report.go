package main

import "github.com/ringbox/ringbox/cmd/dbox/files"

// report prints lines about files: problems to standard output, the rest to
// standard error; or all of it as JSON to standard output.
type report struct {
	a    *app
	out  *printer
	json bool
}

func newReport(a *app, asJSON bool) *report {
	return &report{a: a, out: newPrinter(a.stdout), json: asJSON}
}

// line is one line of JSON.
type line struct {
	Type   string `json:"type"`
	File   string `json:"file"`
	Offset *int64 `json:"offset,omitempty"`
	Length *int64 `json:"length,omitempty"`
	Reason string `json:"reason"`
}

func (r *report) skipped(f files.Found) error {
	if r.json {
		return r.out.object(line{Type: "skipped", File: f.Path, Reason: f.Note})
	}
	r.a.warn("%s: skipped: %s", f.Path, f.Note)
	return nil
}

func (r *report) checked(c checked) error {
	for _, p := range c.problems {
		if err := r.problem(c.file.Path, p.Offset, p.Length, p.Problem); err != nil {
			return err
		}
	}
	for _, p := range c.unread {
		if err := r.unread(c.file.Path, p); err != nil {
			return err
		}
	}
	if c.err != nil {
		return r.failed(c.file.Path, c.err)
	}
	return r.out.Flush()
}

// unread is about a message of which it is not known whether it is good.
func (r *report) unread(file string, p files.Piece) error {
	if r.json {
		return r.out.object(line{"unread", file, &p.Offset, &p.Length, p.Problem})
	}
	r.a.warn("%s: %d: %s", file, p.Offset, p.Problem)
	return nil
}

func (r *report) problem(file string, offset, length int64, reason string) error {
	if r.json {
		return r.out.object(line{"problem", file, &offset, &length, reason})
	}
	r.out.printf("%s: %d: %s\n", file, offset, reason)
	return nil
}

// failed is about a file that could not be read.
func (r *report) failed(file string, err error) error {
	if r.json {
		return r.out.object(line{Type: "error", File: file, Reason: err.Error()})
	}
	r.a.warn("%v", err)
	return r.out.Flush()
}

// end prints the summary, as an object or in words.
func (r *report) end(summary any, text string) error {
	if r.json {
		if err := r.out.object(summary); err != nil {
			return err
		}
	} else {
		r.a.warn("%s", text)
	}
	return r.out.Flush()
}
