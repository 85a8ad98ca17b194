package main

import (
	"fmt"

	"github.com/ringbox/ringbox/dboxfmt"
)

// repairedJSON is a damaged file in JSON.
type repairedJSON struct {
	Type     string      `json:"type"` // "file"
	File     string      `json:"file"`
	DryRun   bool        `json:"dry_run"`
	Broken   string      `json:"broken,omitempty"` // where the file before is
	Empty    bool        `json:"empty"`            // no mail in it, left alone
	Messages int         `json:"messages"`         // in the repaired file, and of these:
	Kept     int         `json:"kept"`
	Rebuilt  int         `json:"rebuilt"`
	Salvaged int         `json:"salvaged"`
	Dropped  int         `json:"dropped"` // ranges
	Ranges   []rangeJSON `json:"ranges"`
}

type rangeJSON struct {
	Offset    int64  `json:"offset"`
	Length    int64  `json:"length"`
	Verdict   string `json:"verdict"`
	Reason    string `json:"reason,omitempty"`
	Action    string `json:"action"`
	NewOffset int64  `json:"new_offset"`
	NewLength int64  `json:"new_length"`
	Note      string `json:"note,omitempty"`
}

// repaired prints what became of a damaged file.
func (r *report) repaired(f repaired, dryRun bool) error {
	if r.json {
		return r.out.object(toRepairedJSON(f, dryRun))
	}
	if f.empty {
		r.out.printf("%s: 0: no mail in it: left alone, see --remove-empty\n", f.file.Path)
		return r.out.Flush()
	}
	for _, g := range f.report.Ranges {
		if g.Action != dboxfmt.Kept || g.Reason != "" {
			r.out.printf("%s: %d: %s\n", f.file.Path, g.Offset, fate(g))
		}
	}
	return r.out.Flush()
}

// fate says in words what a range was and what became of it.
func fate(g dboxfmt.RepairedRange) string {
	text := g.Verdict.String()
	if g.Reason != "" {
		text += ": " + g.Reason
	}
	text += fmt.Sprintf(": %s, %s", g.Action, byteCount(g.Length))
	if g.Note != "" {
		text += "; " + g.Note
	}
	return text
}

func toRepairedJSON(f repaired, dryRun bool) repairedJSON {
	j := repairedJSON{
		Type: "file", File: f.file.Path, DryRun: dryRun, Broken: f.report.Broken, Empty: f.empty,
		Messages: f.report.Messages, Kept: f.report.Kept, Rebuilt: f.report.Rebuilt,
		Salvaged: f.report.Salvaged, Dropped: f.report.Dropped, Ranges: []rangeJSON{},
	}
	for _, g := range f.report.Ranges {
		j.Ranges = append(j.Ranges, rangeJSON{
			Offset: g.Offset, Length: g.Length, Verdict: g.Verdict.String(), Reason: g.Reason,
			Action: g.Action.String(), NewOffset: g.NewOffset, NewLength: g.NewLength, Note: g.Note,
		})
	}
	return j
}

// repairSummary is the last line of repair.
type repairSummary struct {
	Type     string `json:"type"` // "summary"
	DryRun   bool   `json:"dry_run"`
	Files    int    `json:"files"`
	Damaged  int    `json:"damaged_files"`
	Messages int    `json:"messages"` // in the damaged files after the repair
	Kept     int    `json:"kept"`
	Rebuilt  int    `json:"rebuilt"`
	Salvaged int    `json:"salvaged"`
	Dropped  int    `json:"dropped"`     // ranges
	Empty    int    `json:"empty_files"` // without mail, left alone
	Failed   int    `json:"failed_files"`
}

func (s *repairSummary) add(r repaired) {
	s.Files++
	switch {
	case r.err != nil:
		s.Failed++
	case r.empty:
		s.Empty++
	case r.report.Changed:
		s.Damaged++
		s.Messages += r.report.Messages
		s.Kept += r.report.Kept
		s.Rebuilt += r.report.Rebuilt
		s.Salvaged += r.report.Salvaged
		s.Dropped += r.report.Dropped
	}
}

func (s *repairSummary) text() string {
	text := fmt.Sprintf("%s, %d damaged", count(s.Files, "file"), s.Damaged)
	if s.Damaged > 0 {
		if s.DryRun {
			text += " and not changed; repaired they would have "
		} else {
			text += " and repaired; they have "
		}
		text += fmt.Sprintf("%s (%d kept, %d rebuilt, %d salvaged), %s dropped",
			count(s.Messages, "message"), s.Kept, s.Rebuilt, s.Salvaged, count(s.Dropped, "range"))
	}
	if s.Empty > 0 {
		text += fmt.Sprintf("; %s without mail left alone", count(s.Empty, "file"))
	}
	if s.Failed > 0 {
		text += fmt.Sprintf("; %s could not be repaired", count(s.Failed, "file"))
	}
	return text
}

// result is the error for the exit code.
func (s *repairSummary) result() error {
	switch {
	case s.Failed > 0:
		return errSomeFailed
	case s.Damaged+s.Empty > 0:
		return errProblems
	}
	return nil
}
