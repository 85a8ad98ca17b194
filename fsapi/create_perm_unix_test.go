//go:build unix

package fsapi

import (
	"fmt"
	iofs "io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Permissions are what was asked for, whatever the umask, from the moment the
// file has its name.
func TestPermissionsAreExact(t *testing.T) {
	for _, umask := range []int{0o077, 0o777, 0} {
		for _, mode := range []iofs.FileMode{0, 0o640, 0o604, 0o400, iofs.ModeSetgid | 0o660} {
			t.Run(fmt.Sprintf("umask %o mode %o", umask, mode), func(t *testing.T) {
				eachEngine(t, func(t *testing.T, fs *FS, dir string) {
					old := syscall.Umask(umask)
					err := commit1(t, fs.Create(dir+"/a", FailIfExists, Perm{Mode: mode}), "x", "")
					syscall.Umask(old)
					require.NoError(t, err)
					info, err := os.Stat(dir + "/a")
					require.NoError(t, err)
					if mode == 0 {
						mode = 0o600
					}
					require.Equal(t, mode, info.Mode())
				})
			})
		}
	}
}

func TestGroupIsExact(t *testing.T) {
	groups, err := os.Getgroups()
	require.NoError(t, err)
	gid := os.Getegid()
	if os.Geteuid() == 0 {
		gid = 12345
	} else if len(groups) > 0 {
		gid = groups[len(groups)-1]
	}
	eachEngine(t, func(t *testing.T, fs *FS, dir string) {
		require.NoError(t, commit1(t, fs.Create(dir+"/a", FailIfExists, Perm{Mode: 0o640, Group: &gid}), "x", ""))
		info, err := os.Stat(dir + "/a")
		require.NoError(t, err)
		require.Equal(t, iofs.FileMode(0o640), info.Mode())
		require.EqualValues(t, gid, info.Sys().(*syscall.Stat_t).Gid)
	})
}
