package mailindex

import (
	"context"
	"encoding/binary"

	"github.com/ringbox/ringbox/fsapi"
)

// write writes a main index.
func (s *state) write(ctx context.Context, w *fsapi.Writer, log2 uint32) error {
	exts := s.extsToWrite()
	fields, stride := layout(exts)
	h := s.headerToWrite(log2)
	var body []byte
	for i := range exts {
		body = appendExtension(body, &exts[i], fields[i])
	}
	out := appendHeader(nil, &h, BaseHeaderSize+len(body), stride)
	out = append(out, body...)
	flush := func() error {
		_, err := w.Write(out)
		out = out[:0]
		return err
	}
	err := s.records.each(ctx, func(rec []byte, from []field) error {
		start := len(out)
		out = append(out, make([]byte, stride)...)
		convert(out[start:], rec, fields, from)
		if len(out) < logWindow {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

// headerToWrite returns the base header of a main index that is up to date.
func (s *state) headerToWrite(log2 uint32) Header {
	h := s.head
	h.Messages = uint32(s.records.count())
	h.Seen, h.Deleted = min(h.Seen, h.Messages), min(h.Deleted, h.Messages)
	h.FirstRecentUID = min(max(h.FirstRecentUID, 1), h.NextUID) // Dovecot distrusts an index with any other
	h.LogSeq, h.LogHead, h.LogTail = s.seq, uint32(s.offset), uint32(s.offset)
	if s.undone >= 0 {
		h.LogTail = uint32(s.undone)
	}
	h.LogRotated = log2
	return h
}

// extsToWrite returns the extensions with the headers that follow from the rest
// of the state.
func (s *state) extsToWrite() []extension {
	exts := make([]extension, len(s.exts))
	copy(exts, s.exts)
	for i := range exts {
		exts[i].field = s.records.fields[i]
		switch e := &exts[i]; {
		case e.name == keywordsName:
			e.header = EncodeKeywords(s.keywords)
			if len(e.header) < len(s.exts[i].header) {
				e.header = append(e.header, make([]byte, len(s.exts[i].header)-len(e.header))...)
			}
		case e.name == modSeqName && len(e.header) >= 16:
			e.header = append([]byte(nil), e.header...)
			binary.LittleEndian.PutUint64(e.header, s.modSeq)
			binary.LittleEndian.PutUint32(e.header[8:], s.seq)
			binary.LittleEndian.PutUint32(e.header[12:], uint32(s.offset))
		}
	}
	return exts
}
