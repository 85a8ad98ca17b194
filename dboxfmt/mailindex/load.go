package mailindex

import (
	"context"
	"errors"
	"io/fs"

	"github.com/ringbox/ringbox/fsapi"
)

// snapshot is an index as its files say it at one moment.
type snapshot struct {
	st   *state
	log  *logFile // nil: there is none
	id   fsapi.Info
	main bool // id is that of the main index, which was read, and at (seq, head)
	seq  uint32
	head int64
}

func (s *snapshot) close() {
	s.log.close()
	if s.st != nil {
		s.st.close()
	}
}

// maxLoads bounds how often files may change while they are read.
const maxLoads = 20

// load reads an index. With an ErrCorrupt it returns what could be read all the
// same, which may be nothing.
func (f *files) load(ctx context.Context) (s snapshot, err error) {
	for range maxLoads {
		var stable bool
		s, err = f.loadOnce(ctx)
		stable, checking := f.unchanged(ctx, s)
		if checking != nil {
			s.close()
			return snapshot{}, checking
		}
		if stable {
			return s, err
		}
		s.close()
	}
	if err == nil {
		err = placed(corrupt(0, "the files change all the time"), f.path, 0)
	}
	return snapshot{}, err
}

// unchanged reports whether the names still lead to the files of s.
func (f *files) unchanged(ctx context.Context, s snapshot) (bool, error) {
	there, id, err := f.look(ctx, f.log)
	if err != nil || there != (s.log != nil) || there && !id.SameFile(s.log.id) {
		return false, err
	}
	if !s.main {
		return true, nil
	}
	there, id, err = f.look(ctx, f.path)
	return there && id.SameFile(s.id), err
}

// look reports whether path exists, and which file it is.
func (f *files) look(ctx context.Context, path string) (bool, fsapi.Info, error) {
	info, err := f.fs.Stat(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, fsapi.Info{}, nil
	}
	if err != nil {
		return false, fsapi.Info{}, err
	}
	id, err := infoOf(info)
	return true, id, err
}

// loadOnce tries the main index, its backup, and the logs alone, until one of
// them gives an index without a gap.
func (f *files) loadOnce(ctx context.Context) (best snapshot, err error) {
	for i, path := range []string{f.path, f.backup, ""} {
		s, tried := f.loadFrom(ctx, path)
		if tried == nil {
			best.close()
			return s, nil
		}
		if !errors.Is(tried, ErrCorrupt) && !errors.Is(tried, fs.ErrNotExist) {
			best.close()
			s.close()
			return snapshot{}, tried
		}
		if i == 0 || errors.Is(err, fs.ErrNotExist) && !errors.Is(tried, fs.ErrNotExist) {
			err = tried
		}
		if best.st == nil && (s.st != nil || s.log != nil) {
			best, s = s, best
		}
		s.close()
	}
	return best, err
}

// loadFrom reads a main index, none if path is empty, and goes on with the logs.
// The main index is opened first: the logs are not older then.
func (f *files) loadFrom(ctx context.Context, path string) (s snapshot, err error) {
	if path != "" {
		if s.st, s.id, err = readMain(ctx, f.fs, path); err != nil {
			return s, err
		}
		s.main, s.seq, s.head = path == f.path, s.st.seq, s.st.offset
	}
	s.log, err = openLog(ctx, f.fs, f.log)
	switch {
	case errors.Is(err, fs.ErrNotExist) && s.st != nil:
		return s, nil // what was in the log is in the main index, or lost
	case err != nil:
		return s, err
	}
	return s, f.chain(ctx, &s)
}

// chain applies the logs to s.st.
func (f *files) chain(ctx context.Context, s *snapshot) error {
	h := s.log.header
	if s.st != nil && h.IndexID != s.st.head.IndexID {
		return s.gap(4, "index id %d, that of the main index is %d", h.IndexID, s.st.head.IndexID)
	}
	starts := h.PrevSeq == 0 && (s.st == nil || s.st.seq < h.Seq)
	if !starts && (s.st == nil || s.st.seq < h.Seq && (s.st.seq != h.PrevSeq || s.st.offset != int64(h.PrevOffset))) {
		if err := f.second(ctx, s, h); err != nil {
			return err
		}
	}
	if starts {
		s.begin(h)
	}
	switch {
	case s.st == nil:
		return s.gap(12, "the log before is missing, and there is no main index")
	case s.st.seq > h.Seq:
		return s.gap(8, "the main index is for log %d, this is log %d", s.st.seq, h.Seq)
	case s.st.seq < h.Seq:
		if s.st.seq != h.PrevSeq || s.st.offset != int64(h.PrevOffset) {
			return s.gap(12, "goes on at %d in log %d, but the index is at %d in log %d", h.PrevOffset, h.PrevSeq, s.st.offset, s.st.seq)
		}
		s.st.begin(h)
	default:
		if err := s.log.recall(ctx, s.st); err != nil {
			return err
		}
	}
	return s.log.follow(ctx, s.st, -1)
}

func (s *snapshot) gap(offset int64, reason string, args ...any) error {
	return placed(damage(ErrGap, offset, reason, args...), s.log.path, 0)
}

// begin starts from nothing in the log of that header.
func (s *snapshot) begin(h LogHeader) {
	if s.st == nil {
		s.st = newState(h.IndexID)
	} else {
		s.st.reset()
	}
	s.st.begin(h)
}

// second applies the log before.
func (f *files) second(ctx context.Context, s *snapshot, next LogHeader) error {
	old, err := openLog(ctx, f.fs, f.log2)
	defer old.close()
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrCorrupt):
		return nil // chain says what is missing
	case err != nil:
		return err
	case old.header.IndexID != next.IndexID || old.header.Seq != next.PrevSeq:
		return nil
	case s.st == nil && old.header.PrevSeq != 0:
		return nil
	case s.st == nil || s.st.seq < old.header.Seq && old.header.PrevSeq == 0:
		s.begin(old.header)
	case s.st.seq < old.header.Seq && s.st.seq == old.header.PrevSeq && s.st.offset == int64(old.header.PrevOffset):
		s.st.begin(old.header)
	case s.st.seq != old.header.Seq:
		return nil
	default:
		if err := old.recall(ctx, s.st); err != nil {
			return err
		}
	}
	return old.follow(ctx, s.st, int64(next.PrevOffset))
}

// recall finds in the log what a main index does not keep: requests that have
// not been done, and the modification sequence.
func (l *logFile) recall(ctx context.Context, st *state) error {
	seq, at, kept := st.modSeqAt()
	counting := kept && (seq != st.seq || at != st.offset)
	from := st.offset
	if st.undone >= 0 {
		from = st.undone
	}
	if counting {
		from = int64(l.header.Size)
	}
	modSeq, undone := l.header.ModSeq, st.undone
	_, err := l.walk(ctx, from, st.offset, func(r Record, at int64) error {
		modSeq = r.modSeq(modSeq)
		if undone >= 0 && at >= undone && !r.External && (r.Kind == KindExpunge || r.Kind == KindExpungeGUID) {
			return st.expunge(ctx, r, at)
		}
		return nil
	})
	if counting {
		st.modSeq = max(st.modSeq, modSeq)
	}
	return err
}
