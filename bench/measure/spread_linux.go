package measure

import (
	"os"

	"golang.org/x/sys/unix"
)

// topDir is FS_TOPDIR_FL of the kernel: directories made in this one have
// nothing to do with each other, and ext4 puts them far apart.
const topDir = 0x00020000

// Spread asks the file system to place the directories of the rounds apart.
// ext4 does not give out inodes that were freed in the last minutes, and
// searches past them under the lock of the directory; otherwise a round would
// pay for what earlier runs have removed. It is a wish: other file systems
// refuse it and do not need it.
func Spread(dir string) {
	d, err := os.Open(dir)
	if err != nil {
		return
	}
	defer d.Close()
	flags, err := unix.IoctlGetUint32(int(d.Fd()), unix.FS_IOC_GETFLAGS)
	if err != nil {
		return
	}
	_ = unix.IoctlSetPointerInt(int(d.Fd()), unix.FS_IOC_SETFLAGS, int(flags|topDir))
}
