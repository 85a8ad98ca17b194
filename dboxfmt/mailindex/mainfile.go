package mailindex

import (
	"context"
	"encoding/binary"
	"errors"
	"io"

	"github.com/ringbox/ringbox/fsapi"
)

// wholeRead is how many bytes of records are read at once and kept in memory.
const wholeRead = 64 << 10

// firstRead is how much of a main index is read first: enough for its header,
// mostly.
const firstRead = 16 << 10

// readMain reads a main index. What is read of a large one does not depend on
// how large it is.
func readMain(ctx context.Context, fs *fsapi.FS, path string) (st *state, id fsapi.Info, err error) {
	file := fs.Open(path, fsapi.ReadOnly)
	keep := false
	defer func() {
		if !keep {
			_ = file.Close() // it was only read
		}
	}()
	start, err := readSome(ctx, file, 0, firstRead)
	if err != nil {
		return nil, id, err
	}
	info, err := file.Stat(ctx)
	if err != nil {
		return nil, id, err
	}
	id, _ = info.Sys().(fsapi.Info)
	h, f, err := decodeHeader(start)
	if err == nil && int64(f.header)+int64(h.Messages)*int64(f.record) > info.Size() {
		err = corrupt(32, "%d messages of %d bytes do not fit into %d bytes", h.Messages, f.record, info.Size())
	}
	if err != nil {
		return nil, id, placed(err, path, 0)
	}
	if f.header > len(start) {
		if start, err = readSome(ctx, file, 0, f.header); err != nil {
			return nil, id, err
		}
	}
	st, err = decodeMain(start, h, f)
	if err != nil {
		return nil, id, placed(err, path, 0)
	}
	b := st.records.base
	if size := b.n * b.stride; size > wholeRead {
		b.in, keep = newSource(path, file), true
	} else if b.mem, err = readSome(ctx, file, b.start, size); err != nil {
		return nil, id, err
	} else if len(b.mem) < size {
		return nil, id, placed(corrupt(int64(len(b.mem)), "the file has become shorter"), path, b.start)
	} else if err = b.check(b.mem); err != nil {
		return nil, id, placed(err, path, b.start)
	}
	if b.n > 0 {
		if _, err = b.record(ctx, b.n-1); err != nil {
			st.close()
			return nil, id, err
		}
	}
	return st, id, nil
}

// readSome reads up to size bytes, fewer if the file ends.
func readSome(ctx context.Context, file *fsapi.File, offset int64, size int) ([]byte, error) {
	p := make([]byte, size)
	n, err := fsapi.NewReader(ctx, file).ReadAt(p, offset)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return p[:n], err
}

// decodeMain makes a state of the header of a main index, its records aside.
func decodeMain(b []byte, h Header, f frame) (*state, error) {
	if len(b) < f.header {
		return nil, corrupt(int64(len(b)), "the header ends early")
	}
	first := align8(f.base)
	var exts []extension
	if first < f.header {
		var err error
		if exts, err = decodeExtensions(b[first:f.header], int64(first), f.record); err != nil {
			return nil, err
		}
	}
	st := newState(h.IndexID)
	st.head, st.exts = h, exts
	st.seq, st.offset = h.LogSeq, int64(h.LogHead)
	if h.LogTail < h.LogHead {
		st.undone = int64(h.LogTail)
	}
	base := &base{n: int(h.Messages), stride: f.record, fields: fieldsOf(exts), next: h.NextUID, start: int64(f.header)}
	st.records = newRecords(base, base.fields)
	st.read = base.start + int64(base.n)*int64(base.stride)
	if i := find(exts, keywordsName); i >= 0 {
		names, err := DecodeKeywords(exts[i].header)
		if err != nil {
			return nil, corrupt(int64(first), "keywords: %v", err)
		}
		if len(names) > 8*exts[i].field.size {
			return nil, corrupt(int64(first), "%d keywords in a field of %d bytes", len(names), exts[i].field.size)
		}
		st.keywords = names
	}
	if i := find(exts, modSeqName); i >= 0 && len(exts[i].header) >= 8 {
		st.modSeq = max(1, binary.LittleEndian.Uint64(exts[i].header))
	}
	return st, nil
}
