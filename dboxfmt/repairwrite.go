package dboxfmt

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
)

// copyAll writes an undamaged file.
func (r *repairer) copyAll() error {
	for i := range r.report.Ranges {
		if err := r.keep(&r.report.Ranges[i]); err != nil {
			return err
		}
	}
	return nil
}

// writeHeader writes the first line: the old one if it is good and of a version
// that can be written.
func (r *repairer) writeHeader() error {
	var old *RepairedRange
	if all := r.report.Ranges; len(all) > 0 && all[0].Verdict == FileHeaderRange {
		old = &all[0]
	}
	if old == nil || old.Reason != "" || r.was.Version == 1 {
		r.report.Header = r.renewedHeader()
	}
	line, err := r.report.Header.Append(nil)
	if err != nil {
		return err
	}
	if old != nil {
		r.done(old, Rebuilt, int64(len(line)))
		if old.Reason == "" && r.was.Version > 1 {
			old.Action = Kept
		}
	}
	return r.put(line)
}

func (r *repairer) renewedHeader() FileHeader {
	created := r.opts.Created
	h := NewFileHeader(max(2, r.was.Version), created)
	if r.was.Created > 0 {
		h.Created = r.was.Created
	}
	if r.was.Version == 3 {
		h.MessageHeaderSize = r.was.MessageHeaderSize
	}
	h.Words = []string{fmt.Sprintf("M%x", h.MessageHeaderSize), fmt.Sprintf("C%x", h.Created)}
	return h
}

// write writes what becomes of a range.
func (r *repairer) write(rg *RepairedRange) error {
	switch rg.Verdict {
	case FileHeaderRange:
		return nil
	case Garbage:
		return r.salvage(rg)
	case Intact:
		if r.was.Version > 1 {
			return r.keep(rg)
		}
		rg.note("a version 1 message, written as version 2")
		return r.rebuild(rg, rg.Message.Metadata)
	}
	body, err := r.examine(rg.Message.BodyOffset, rg.Message.BodySize)
	if err != nil {
		return err
	}
	unended := rg.Verdict == Truncated || rg.Verdict == TornTail
	if unended && body.empty() && len(rg.Message.Metadata) == 0 {
		return r.drop(rg, "nothing of the message is there")
	}
	return r.rebuild(rg, r.mend(rg, body))
}

// keep copies a range.
func (r *repairer) keep(rg *RepairedRange) error {
	if rg.Verdict == Intact {
		r.counted(rg, &r.report.Kept)
	}
	r.done(rg, Kept, rg.Length)
	return r.copy(rg.Offset, rg.Length)
}

func (r *repairer) drop(rg *RepairedRange, why string) error {
	rg.Action, rg.Note = Dropped, why
	r.report.Dropped++
	return nil
}

// rebuild writes a message with a new header and block.
func (r *repairer) rebuild(rg *RepairedRange, meta Metadata) error {
	m := rg.Message
	head, block, err := r.frame(rg, m.BodySize, meta)
	if err != nil {
		return fmt.Errorf("repairing the message at offset %d: %w", rg.Offset, err)
	}
	r.counted(rg, &r.report.Rebuilt)
	r.done(rg, Rebuilt, int64(len(head))+m.BodySize+int64(len(block)))
	return r.putMessage(head, m.BodyOffset, m.BodySize, block)
}

// counted counts a message of the repaired file.
func (r *repairer) counted(rg *RepairedRange, as *int) {
	if r.opts.Single && r.report.Messages > 0 {
		rg.note("not the only message of this single-dbox file")
	}
	r.report.Messages++
	*as++
}

// frame makes what stands before and behind a body. Metadata that is too long
// with what was added to it loses its longest item.
func (r *repairer) frame(rg *RepairedRange, size int64, meta Metadata) (head, block []byte, err error) {
	h := r.report.Header
	mh := MessageHeader{Size: size}
	if h.Version == 3 {
		if mh.Separator, err = (&Writer{header: h, random: r.opts.Random}).newSeparator(); err != nil {
			return nil, nil, err
		}
	}
	b := Block{Separator: mh.Separator, BodySize: size, Metadata: meta.without(lengthItemKey)}
	block, err = b.Append(nil, h)
	for errors.Is(err, ErrItem) && len(b.Metadata) > 0 {
		longest := slices.MaxFunc(b.Metadata, func(a, b Item) int { return cmp.Compare(len(a.Value), len(b.Value)) })
		b.Metadata = slices.DeleteFunc(b.Metadata, func(i Item) bool { return i == longest })
		rg.note(fmt.Sprintf("item %c of %d bytes left out", longest.Key, len(longest.Value)))
		block, err = b.Append(nil, h)
	}
	return mh.append(nil, h), block, err
}

func (r *repairer) putMessage(head []byte, body, size int64, block []byte) error {
	if err := r.put(head); err != nil {
		return err
	}
	if err := r.copy(body, size); err != nil {
		return err
	}
	return r.put(block)
}

// done notes where a range will be.
func (r *repairer) done(rg *RepairedRange, a Action, length int64) {
	rg.Action, rg.NewOffset, rg.NewLength = a, r.offset, length
}

// put writes p.
func (r *repairer) put(p []byte) error {
	n, err := r.out.Write(p)
	if err == nil && n != len(p) {
		err = io.ErrShortWrite
	}
	r.offset += int64(len(p))
	return err
}

// copy writes a range of the damaged file.
func (r *repairer) copy(offset, n int64) error {
	return r.read(offset, n, r.put)
}

// read gives a range of the damaged file to each, in pieces.
func (r *repairer) read(offset, n int64, each func([]byte) error) error {
	v := view{src: r.src, spare: r.buf}
	for n > 0 {
		p, err := v.bytes(offset, min(n, int64(len(r.buf))))
		if err != nil {
			return err
		}
		if len(p) == 0 {
			return io.ErrUnexpectedEOF
		}
		if err := each(p); err != nil {
			return err
		}
		offset, n = offset+int64(len(p)), n-int64(len(p))
	}
	return nil
}
