package fsapi

import (
	"io"

	"github.com/ringbox/ringbox/fsapi/backend"
)

// seek moves the position at as io.Seeker says. size says where the file ends.
func (f *File) seek(at *int64, offset int64, whence int, size func() (int64, error)) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += *at
	case io.SeekEnd:
		end, err := size()
		if err != nil {
			return 0, err
		}
		offset += end
	default:
		return 0, pathError("seek", f.Path(), backend.ErrInvalid)
	}
	if offset < 0 {
		return 0, pathError("seek", f.Path(), &backend.OffsetError{Off: offset, Err: backend.ErrInvalid})
	}
	*at = offset
	return offset, nil
}
