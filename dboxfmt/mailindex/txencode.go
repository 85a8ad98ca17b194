package mailindex

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// encoder writes transactions as they fit to an index: they name its extensions
// by number, and new messages get uids.
type encoder struct {
	exts    []extension
	resets  map[string]uint32 // reset ids that differ from those in exts
	nextUID uint32
	end     int64 // of the log
}

func newEncoder(s *state) *encoder {
	return &encoder{s.exts, map[string]uint32{}, s.head.NextUID, s.offset}
}

// encode appends the records of t, in a boundary if there are several.
func (e *encoder) encode(dst []byte, t *Transaction) ([]byte, error) {
	start := len(dst)
	dst = AppendBoundary(dst, true, 0)
	dst, err := e.changes(dst, t)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTransaction, err)
	}
	body := dst[start+BoundarySize:]
	switch size := len(dst) - start; {
	case size > maxSpan:
		return nil, fmt.Errorf("%w: it has %d bytes", ErrTransaction, size)
	case len(body) == 0 || isOneRecord(body):
		dst = append(dst[:start], body...)
	default:
		AppendBoundary(dst[:start], true, uint32(size))
	}
	if t.done {
		dst = appendTail(dst, e.end+int64(len(dst)-start))
	}
	e.end += int64(len(dst) - start)
	return dst, nil
}

func isOneRecord(b []byte) bool {
	_, n, _, err := DecodeRecord(b)
	return err == nil && n == len(b)
}

// appendTail appends the record that says that everything up to its own end is
// done, at offset of the log.
func appendTail(dst []byte, offset int64) []byte {
	const size = recordHeader + 8
	return AppendHeaderUpdate(dst, true, offsetTail, binary.LittleEndian.AppendUint32(nil, uint32(offset+size)))
}

// changes appends the records of t, in the order in which they have to be
// applied: messages before what is about them.
func (e *encoder) changes(dst []byte, t *Transaction) (_ []byte, err error) {
	steps := []func([]byte, *Transaction) ([]byte, error){
		e.added, e.header, appendFlagChanges, appendKeywordChanges, e.extensions, appendExpunges,
	}
	for _, step := range steps {
		if dst, err = step(dst, t); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// added appends new messages, and gives them uids.
func (e *encoder) added(dst []byte, t *Transaction) ([]byte, error) {
	if len(t.added) == 0 {
		return dst, nil
	}
	list := make([]NewMessage, len(t.added))
	for i, a := range t.added {
		a.uid = max(e.nextUID, a.want)
		if a.want > 0 && a.want < e.nextUID || a.uid >= 1<<32-2 {
			return nil, fmt.Errorf("new uid %d, next uid %d", a.want, e.nextUID)
		}
		list[i] = NewMessage{a.uid, a.flags}
		e.nextUID = a.uid + 1
	}
	return AppendNew(dst, !t.Unsynced, list), nil
}

func (e *encoder) header(dst []byte, t *Transaction) ([]byte, error) {
	for _, h := range t.header {
		if h.offset < 0 || h.offset+len(h.data) > BaseHeaderSize {
			return nil, fmt.Errorf("header update at %d of %d bytes", h.offset, len(h.data))
		}
		dst = AppendHeaderUpdate(dst, !t.Unsynced, h.offset, h.data)
		if h.offset == offsetNextUID && len(h.data) >= 4 {
			e.nextUID = max(e.nextUID, u32(h.data))
		}
	}
	return dst, nil
}

// sortRanges sorts ranges and joins those that touch. Dovecot calls a log corrupt
// in which the ranges of one record do not ascend.
func sortRanges(list []UIDRange) []UIDRange {
	slices.SortFunc(list, func(a, b UIDRange) int { return cmp.Compare(a.First, b.First) })
	joined := list[:0]
	for _, r := range list {
		if n := len(joined); n > 0 && int64(r.First) <= int64(joined[n-1].Last)+1 {
			joined[n-1].Last = max(joined[n-1].Last, r.Last)
			continue
		}
		joined = append(joined, r)
	}
	return joined
}

func checkUIDs(r UIDRange) error {
	if r.First == 0 || r.First > r.Last {
		return fmt.Errorf("uids %d to %d", r.First, r.Last)
	}
	return nil
}

// appendFlagChanges appends one record for changes in a row that are the same.
func appendFlagChanges(dst []byte, t *Transaction) ([]byte, error) {
	var uids []UIDRange
	for i, c := range t.flags {
		if err := checkUIDs(c.uids); err != nil {
			return nil, err
		}
		uids = append(uids, c.uids)
		if i+1 == len(t.flags) || t.flags[i+1].add != c.add || t.flags[i+1].remove != c.remove {
			dst = AppendFlags(dst, !t.Unsynced, c.add, c.remove, sortRanges(uids))
			uids = nil
		}
	}
	return dst, nil
}

// appendKeywordChanges appends the keywords of new messages, one record for each
// keyword, and one for changes in a row that are the same.
func appendKeywordChanges(dst []byte, t *Transaction) (_ []byte, err error) {
	var names []string
	with := map[string][]UIDRange{}
	for _, a := range t.added {
		for _, name := range a.keywords {
			if with[name] == nil {
				names = append(names, name)
			}
			with[name] = append(with[name], UIDRange{a.uid, a.uid})
		}
	}
	for _, name := range names {
		if dst, err = appendKeywordChange(dst, t, keywordChange{name: name, add: true}, with[name]); err != nil {
			return nil, err
		}
	}
	var uids []UIDRange
	for i, c := range t.keywords {
		if err := checkUIDs(c.uids); err != nil {
			return nil, err
		}
		uids = append(uids, c.uids)
		if i+1 == len(t.keywords) || !t.keywords[i+1].same(c) {
			if dst, err = appendKeywordChange(dst, t, c, uids); err != nil {
				return nil, err
			}
			uids = nil
		}
	}
	return dst, nil
}

func appendKeywordChange(dst []byte, t *Transaction, c keywordChange, uids []UIDRange) ([]byte, error) {
	uids = sortRanges(uids)
	switch {
	case c.all:
		return AppendKeywordReset(dst, !t.Unsynced, uids), nil
	case c.name == "" || len(c.name) > maxKeywordName || strings.ContainsRune(c.name, 0):
		return nil, fmt.Errorf("keyword %.40q", c.name)
	}
	return AppendKeyword(dst, !t.Unsynced, c.add, c.name, uids), nil
}

func appendExpunges(dst []byte, t *Transaction) ([]byte, error) {
	for _, e := range append(t.expunged[:len(t.expunged):len(t.expunged)], t.requests...) {
		if e.UID == 0 {
			return nil, fmt.Errorf("uid 0")
		}
	}
	if len(t.expunged) > 0 {
		dst = AppendExpungeGUID(dst, true, sortExpunges(t.expunged))
	}
	if len(t.requests) > 0 {
		dst = AppendExpungeGUID(dst, false, sortExpunges(t.requests))
	}
	if t.deleted {
		dst = appendRecord(dst, KindDeleted, true, func(b []byte) []byte { return le32(b, 0) })
	}
	return dst, nil
}

func sortExpunges(list []Expunge) []Expunge {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Expunge) int { return cmp.Compare(a.UID, b.UID) })
	return slices.CompactFunc(list, func(a, b Expunge) bool { return a.UID == b.UID })
}

func (e *encoder) extensions(dst []byte, t *Transaction) (_ []byte, err error) {
	for _, c := range t.exts {
		if dst, err = e.extension(dst, !t.Unsynced, c); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// extension appends what happens to one extension.
func (e *encoder) extension(dst []byte, external bool, c *extChange) ([]byte, error) {
	if err := checkExtension(c); err != nil {
		return nil, err
	}
	number, decl := find(e.exts, c.Name), c.Extension
	resetID, changed := e.resets[c.Name]
	if number >= 0 {
		have := &e.exts[number]
		if !changed {
			resetID = have.resetID
		}
		decl.HeaderSize = max(decl.HeaderSize, len(have.header))
		if have.field.size >= decl.RecordSize {
			decl.RecordSize, decl.Align = have.field.size, have.align
		}
	}
	dst = AppendIntro(dst, external, number, resetID, decl)
	if c.reset {
		dst = AppendExtReset(dst, external, c.resetID, c.preserve)
		e.resets[c.Name] = c.resetID
	}
	for _, h := range c.header {
		dst = AppendExtHeader(dst, external, h.offset, h.data)
	}
	if len(c.values) > 0 {
		values := make([]ExtValue, len(c.values))
		for i, v := range c.values {
			values[i] = ExtValue{v.uid, v.data}
			if v.added != nil {
				values[i].UID = v.added.uid
			}
		}
		slices.SortStableFunc(values, func(a, b ExtValue) int { return cmp.Compare(a.UID, b.UID) })
		dst = AppendExtRecord(dst, external, decl.RecordSize, values)
	}
	if len(c.increments) > 0 {
		dst = AppendIncrement(dst, external, c.increments)
	}
	return dst, nil
}

func checkExtension(c *extChange) error {
	switch {
	case checkExtName(c.Name) != nil || c.Name == keywordsName:
		return fmt.Errorf("extension name %.40q", c.Name)
	case c.HeaderSize < 0 || c.HeaderSize > maxExtHeader || c.RecordSize < 0 || c.RecordSize > maxFields || !validAlign(c.Align, c.RecordSize):
		return fmt.Errorf("extension %q of %d and %d bytes, alignment %d", c.Name, c.HeaderSize, c.RecordSize, c.Align)
	}
	for _, h := range c.header {
		if h.offset < 0 || h.offset+len(h.data) > c.HeaderSize {
			return fmt.Errorf("update at %d of %d bytes in the %d of extension %q", h.offset, len(h.data), c.HeaderSize, c.Name)
		}
	}
	for _, v := range c.values {
		if len(v.data) > c.RecordSize || c.RecordSize == 0 {
			return fmt.Errorf("%d bytes for the %d of extension %q", len(v.data), c.RecordSize, c.Name)
		}
	}
	return nil
}
