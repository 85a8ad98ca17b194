package measure

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// flush writes the file systems of paths to their devices: one sync for all
// files, since a sync of each takes a flush of the device's cache for each.
func flush(paths []string) error {
	seen := map[uint64]bool{}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		var s unix.Stat_t
		if err = unix.Fstat(int(f.Fd()), &s); err == nil && !seen[uint64(s.Dev)] {
			seen[uint64(s.Dev)] = true
			err = unix.Syncfs(int(f.Fd()))
		}
		if f.Close(); err != nil {
			return fmt.Errorf("%s: sync: %w", path, err)
		}
	}
	return nil
}

func dropFile(f *os.File) error {
	return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}

// cachestat is struct cachestat of the kernel, in pages.
type cachestat struct{ cached, dirty, writeback, evicted, recentlyEvicted uint64 }

// resident asks the kernel (6.5 or newer) how many pages of a file it has.
func resident(path string) (cached, total int64, ok bool) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, 0, false
	}
	var whole [2]uint64 // offset and length; 0: to the end
	var c cachestat
	_, _, errno := unix.Syscall6(unix.SYS_CACHESTAT, f.Fd(),
		uintptr(unsafe.Pointer(&whole)), uintptr(unsafe.Pointer(&c)), 0, 0, 0)
	page := int64(os.Getpagesize())
	return int64(c.cached), (info.Size() + page - 1) / page, errno == 0
}
