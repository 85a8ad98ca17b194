package mailindex

import (
	"context"
	"fmt"

	"github.com/ringbox/ringbox/fsapi"
)

// logFile is a transaction log that is open for reading.
type logFile struct {
	path   string
	file   *fsapi.File
	id     fsapi.Info
	header LogHeader
}

// openLog opens a log. What is wrong with its header is an ErrCorrupt, beside
// which the log is returned as far as it could be read.
func openLog(ctx context.Context, fs *fsapi.FS, path string) (*logFile, error) {
	l := &logFile{path: path, file: fs.Open(path, fsapi.ReadOnly)}
	b, err := readSome(ctx, l.file, 0, LogHeaderSize)
	if err == nil {
		l.id, err = l.stat(ctx)
	}
	if err != nil {
		l.close()
		return nil, err
	}
	l.header, err = DecodeLogHeader(b)
	return l, placed(err, path, 0)
}

func (l *logFile) stat(ctx context.Context) (fsapi.Info, error) {
	info, err := l.file.Stat(ctx)
	if err != nil {
		return fsapi.Info{}, err
	}
	return infoOf(info)
}

// close gives the file back. It was only read, so that nothing can be lost.
func (l *logFile) close() {
	if l != nil {
		_ = l.file.Close()
	}
}

// logWindow is how much of a log is read at once, unless a record is longer.
const logWindow = 128 << 10

// walk calls fn with the records from offset to the end of the log, those of a
// boundary together or not at all, and returns where it has stopped: at the end,
// or at something that is not complete. before bounds it, if not negative.
func (l *logFile) walk(ctx context.Context, offset, before int64, fn func(r Record, at int64) error) (int64, error) {
	id, err := l.stat(ctx)
	if err != nil {
		return offset, err
	}
	size := id.Size
	if before >= 0 {
		size = min(size, before)
	}
	for window := int64(logWindow); offset < size; {
		want := int(min(window, size-offset))
		b, err := readSome(ctx, l.file, offset, want)
		if err != nil {
			return offset, err
		}
		n, need, err := walkSpans(b, offset, fn)
		offset += int64(n)
		switch {
		case err != nil:
			return offset, placed(err, l.path, 0)
		case need == 0 || offset+int64(need) > size || len(b) < want:
			return offset, nil
		}
		window = max(logWindow, int64(need))
	}
	return offset, nil
}

// walkSpans calls fn with the records of the complete spans in b, which is at
// offset of the log, and returns how many bytes they have, and how many the next
// one needs: 0 if it has not been written.
func walkSpans(b []byte, offset int64, fn func(r Record, at int64) error) (n, need int, err error) {
	for {
		s, need, err := decodeSpan(b[n:])
		if err != nil {
			return n, 0, placed(err, "", offset+int64(n))
		}
		if s.length == 0 {
			return n, need, nil
		}
		for at := 0; at < len(s.records); {
			r, size, _, err := DecodeRecord(s.records[at:])
			place := offset + int64(n+s.start+at)
			if err == nil {
				err = fn(r, place)
			}
			if err != nil {
				return n, 0, placed(err, "", place)
			}
			at += size
		}
		n += s.length
	}
}

// follow applies the log from where st is.
func (l *logFile) follow(ctx context.Context, st *state, before int64) error {
	end, err := l.walk(ctx, st.offset, before, func(r Record, at int64) error { return st.apply(ctx, r, at) })
	st.offset = end
	return err
}

// infoOf returns what identifies a file.
func infoOf(info interface{ Sys() any }) (fsapi.Info, error) {
	id, ok := info.Sys().(fsapi.Info)
	if !ok {
		return id, fmt.Errorf("mailindex: the FS API does not identify files: %T", info.Sys())
	}
	return id, nil
}
