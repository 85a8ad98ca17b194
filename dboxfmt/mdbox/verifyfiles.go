package mdbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// files compares the message files with the map.
func (v *verification) files(ctx context.Context) error {
	files, err := v.places.filesOf(ctx)
	if err != nil {
		return err
	}
	there, err := v.there(ctx)
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(files)) {
		if err := v.file(ctx, id, there[id], files[id]); err != nil {
			return err
		}
	}
	return v.unknown(ctx, there)
}

// there returns the files that there are, and whether they are in the alternate
// storage.
func (v *verification) there(ctx context.Context) (map[uint32]bool, error) {
	found := map[uint32]bool{}
	for _, alt := range []bool{false, true} {
		dir := v.store.layout.storage
		if alt {
			dir = v.store.layout.alt
		}
		entries, err := v.store.opts.FS.ReadDir(ctx, dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			id, ok := parseMessageFile(e.Name())
			if _, both := found[id]; both {
				v.report(mailstore.Problem{File: v.path(id, alt), Err: fmt.Errorf("%w: it is in both storages", mailstore.ErrCorrupt)})
			} else if ok {
				found[id] = alt
			}
		}
	}
	return found, nil
}

// unknown reports files that the map does not know, now that they have been read.
func (v *verification) unknown(ctx context.Context, there map[uint32]bool) error {
	now, err := v.store.mapNow(ctx)
	if err != nil {
		return err
	}
	known, err := now.filesOf(ctx)
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(there)) {
		path := v.path(id, there[id])
		if _, ok := known[id]; ok {
			continue
		}
		if _, err := v.store.opts.FS.Stat(ctx, path); errors.Is(err, fs.ErrNotExist) {
			continue // purged meanwhile
		}
		v.report(mailstore.Problem{
			File: path, Harmless: id <= now.highestFile(),
			Err: fmt.Errorf("the map does not know the file, its highest number is %d", now.highestFile()),
		})
	}
	return nil
}

// file compares one file with the map.
func (v *verification) file(ctx context.Context, id uint32, alt bool, entries []mapped) error {
	f := v.store.opts.FS.Open(v.path(id, alt), fsapi.ReadOnly)
	defer f.Close()
	src, err := dboxfmt.OpenSource(ctx, f, "")
	var h dboxfmt.FileHeader
	if err == nil {
		h, err = src.Header()
	}
	if err != nil && !notGood(err) {
		return err
	}
	unreadable := err
	slices.SortFunc(entries, func(a, b mapped) int { return int(int64(a.at.offset) - int64(b.at.offset)) })
	end, gaps, known := h.Size(), false, map[int64]bool{}
	for _, e := range entries {
		err := unreadable
		if err == nil {
			err = v.record(src, h, e)
		}
		if err == nil && int64(e.at.offset) < end {
			err = fmt.Errorf("%w: two messages of the map overlap", mailstore.ErrCorrupt)
		}
		if err != nil {
			if err := v.moved(ctx, e, err); err != nil {
				return err
			}
		}
		gaps = gaps || int64(e.at.offset) > end
		known[int64(e.at.offset)], end = true, max(end, e.at.end())
	}
	if unreadable == nil && (gaps || end < src.Size) {
		return v.gaps(ctx, src, known)
	}
	return nil
}

// record checks that a message is where the map says, and the one that the
// mailboxes mean.
func (v *verification) record(src dboxfmt.Source, h dboxfmt.FileHeader, e mapped) error {
	m, err := src.Record(h, e.at.extent())
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, src.Body(m, true)); err != nil {
		return err
	}
	guid, err := m.Metadata.GUID128()
	if err != nil {
		return fmt.Errorf("%w: %w", mailstore.ErrCorrupt, err)
	}
	if ref := v.refs[e.uid]; ref.count > 0 && ref.guid != guid {
		return fmt.Errorf("%w: its GUID is %x, in mailbox %q, uid %d, it is %x", mailstore.ErrCorrupt, guid, ref.box, ref.uid, ref.guid)
	}
	return nil
}

// gaps reports what the map does not know of a file, unless somebody is just
// appending to it.
func (v *verification) gaps(ctx context.Context, src dboxfmt.Source, known map[int64]bool) error {
	scan := src.Scan(dboxfmt.ScanOptions{})
	for {
		r, err := scan.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if r.Verdict == dboxfmt.FileHeaderRange || known[r.Offset] {
			continue
		}
		v.report(mailstore.Problem{
			File: src.Name, Offset: r.Offset, Harmless: true,
			Err: fmt.Errorf("the map does not know %d bytes: %v", r.Length, r.Verdict),
		})
	}
}
