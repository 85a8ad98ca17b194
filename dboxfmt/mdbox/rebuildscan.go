package mdbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/fsapi"
)

// filePlace is where a message begins.
type filePlace struct {
	file   uint32
	offset int64
}

// scanned is a message that is in a file.
type scanned struct {
	file  uint32
	at    place
	msg   *dboxfmt.Message
	guid  [16]byte
	was   dboxfmt.RepairedRange // before the repair
	busy  bool                  // somebody has the file
	uid   uint32                // the map's; 0: none yet
	known bool                  // the old map had it
	refs  int                   // by the old map
	found int                   // mailboxes that refer to it now
	twin  bool                  // a copy of another message of the same GUID
}

// scanFiles reads all message files, and repairs those that are damaged.
func (r *rebuild) scanFiles(ctx context.Context) error {
	r.byPlace, r.byGUID = map[filePlace]*scanned{}, map[[16]byte][]*scanned{}
	primary, err := r.list(ctx, r.store.layout.storage)
	if err != nil {
		return err
	}
	alt, err := r.list(ctx, r.store.layout.alt)
	if err != nil {
		return err
	}
	for _, id := range append(slices.Clone(primary), alt...) {
		r.highest = max(r.highest, id)
	}
	for _, id := range primary {
		if err := r.scanFile(ctx, id, false); err != nil {
			return err
		}
	}
	for _, id := range alt {
		if slices.Contains(primary, id) {
			if id, err = r.renumber(ctx, id); err != nil {
				return err
			}
		}
		if err := r.scanFile(ctx, id, true); err != nil {
			return err
		}
	}
	return nil
}

func (r *rebuild) list(ctx context.Context, dir string) (ids []uint32, err error) {
	entries, err := r.store.opts.FS.ReadDir(ctx, dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("mdbox: %w", err)
	}
	for _, e := range entries {
		if id, ok := parseMessageFile(e.Name()); ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// renumber gives another number to a file in the alternate storage whose own a
// file in the primary storage has too.
func (r *rebuild) renumber(ctx context.Context, id uint32) (uint32, error) {
	r.highest++
	from, to := r.store.layout.message(id, true), r.store.layout.message(r.highest, true)
	err := r.store.opts.FS.Rename(ctx, from, to)
	if err == nil {
		err = r.store.opts.FS.SyncDir(ctx, filepath.Dir(to))
	}
	r.note("m.%d is in both storages; the one in the alternate storage is m.%d now", id, r.highest)
	return r.highest, err
}

func (r *rebuild) scanFile(ctx context.Context, id uint32, alt bool) error {
	path := r.store.layout.message(id, alt)
	report, err := dboxfmt.RepairFile(ctx, r.store.opts.FS, path, dboxfmt.RepairFileOptions{RemoveEmpty: true})
	busy := errors.Is(err, fsapi.ErrLocked)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case busy:
		report = &dboxfmt.RepairReport{}
	case err != nil:
		return fmt.Errorf("mdbox: %w", err)
	}
	if report.Changed {
		r.report.Repaired++
		r.note("m.%d was damaged: %d messages are as they were, %d renewed, %d made from garbage, %d ranges dropped; before: %s",
			id, report.Kept, report.Rebuilt, report.Salvaged, report.Dropped, report.Broken)
		if report.Messages == 0 {
			return nil
		}
	}
	before := map[int64]dboxfmt.RepairedRange{} // by the offset now
	for _, rg := range report.Ranges {
		if rg.Action != dboxfmt.Dropped && rg.Verdict != dboxfmt.FileHeaderRange {
			if !report.Changed {
				rg.NewOffset, rg.NewLength = rg.Offset, rg.Length
			}
			before[rg.NewOffset] = rg
		}
	}
	return r.readFile(ctx, id, path, func(rg dboxfmt.Range) {
		r.add(id, rg, before, busy)
	})
}

// readFile calls found with the messages that a file has now.
func (r *rebuild) readFile(ctx context.Context, id uint32, path string, found func(dboxfmt.Range)) error {
	f := r.store.opts.FS.Open(path, fsapi.ReadOnly)
	defer f.Close()
	src, err := dboxfmt.OpenSource(ctx, f, path)
	if err != nil {
		return fmt.Errorf("mdbox: %w", err)
	}
	for scan := src.Scan(dboxfmt.ScanOptions{}); ; {
		rg, err := scan.Next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("mdbox: m.%d: %w", id, err)
		case rg.Verdict == dboxfmt.Intact:
			found(rg)
		}
	}
}

func (r *rebuild) add(id uint32, rg dboxfmt.Range, before map[int64]dboxfmt.RepairedRange, busy bool) {
	at, err := placeOf(id, rg.Message)
	guid, noGUID := rg.Message.Metadata.GUID128()
	if err != nil || noGUID != nil {
		r.note("m.%d at %d: cannot be in the map: %v", id, rg.Offset, errors.Join(err, noGUID))
		return
	}
	m := &scanned{file: id, at: at, msg: rg.Message, guid: guid, busy: busy}
	var repaired bool
	if m.was, repaired = before[rg.Offset]; !repaired {
		m.was = dboxfmt.RepairedRange{Range: rg, Action: dboxfmt.Kept}
	}
	r.messages = append(r.messages, m)
	r.byPlace[filePlace{id, m.was.Offset}] = m
	r.byGUID[guid] = append(r.byGUID[guid], m)
}
