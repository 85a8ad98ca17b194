package engine

import (
	"os"

	"golang.org/x/sys/unix"
)

// give tells the kernel how the file fd will be read.
func (h Hint) give(fd int) error {
	advice := map[Hint]int{Sequential: unix.FADV_SEQUENTIAL, Random: unix.FADV_RANDOM}
	if h == NoHint {
		return nil
	}
	return os.NewSyscallError("fadvise", unix.Fadvise(fd, 0, 0, advice[h]))
}
