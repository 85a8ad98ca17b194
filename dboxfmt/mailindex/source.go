package mailindex

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/ringbox/ringbox/fsapi"
)

// source is a main index file of which pages of records are read when they are
// needed. It stays open as long as some base uses it.
type source struct {
	path  string
	users atomic.Int32

	mu    sync.Mutex // a File belongs to one goroutine at a time
	file  *fsapi.File
	pages map[int][]byte
}

// Pages are small so that finding a message reads little, and few so that an
// open index needs little memory.
const (
	pageSize = 16 << 10
	maxPages = 32
)

func newSource(path string, file *fsapi.File) *source {
	s := &source{path: path, file: file, pages: map[int][]byte{}}
	s.users.Store(1)
	return s
}

func (s *source) use() *source {
	if s != nil {
		s.users.Add(1)
	}
	return s
}

// release closes the file after the last user.
func (s *source) release() {
	if s != nil && s.users.Add(-1) == 0 {
		s.mu.Lock()
		defer s.mu.Unlock()
		// Closing a file that was only read loses nothing.
		_ = s.file.Close()
	}
}

// page returns the page with that number, size bytes at offset.
func (s *source) page(ctx context.Context, number int, offset int64, size int, check func([]byte) error) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.pages[number]; ok {
		return p, nil
	}
	p := make([]byte, size)
	if err := s.readLocked(ctx, p, offset); err != nil {
		return nil, err
	}
	if err := check(p); err != nil {
		return nil, placed(err, s.path, offset)
	}
	if len(s.pages) >= maxPages {
		for n := range s.pages { // any will do
			delete(s.pages, n)
			break
		}
	}
	s.pages[number] = p
	return p, nil
}

// read fills p.
func (s *source) read(ctx context.Context, p []byte, offset int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.readLocked(ctx, p, offset)
}

func (s *source) readLocked(ctx context.Context, p []byte, offset int64) error {
	n, err := fsapi.NewReader(ctx, s.file).ReadAt(p, offset)
	if errors.Is(err, io.EOF) {
		return placed(corrupt(int64(n), "the file has become shorter"), s.path, offset)
	}
	return err
}
