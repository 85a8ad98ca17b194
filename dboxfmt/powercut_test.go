package dboxfmt

import (
	"errors"
	"io/fs"
	"math/rand"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend/simdisk"
)

// TestRepairFilePowerCut: power goes at each operation of a repair. On every disk
// that may be left the name has the old file or the new one, whole, or nothing if
// it was to lose it; the bytes of the old file are there; and the next repair
// comes to the same end.
func TestRepairFilePowerCut(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	damaged := fileOf(t, 3, strings.Repeat("one\n", 700), strings.Repeat("two\n", 500), strings.Repeat("three\n", 900))
	damaged[forward(damaged, false).messages[1].Offset] ^= 0xff
	for name, c := range map[string]struct {
		data     string
		messages int
		ordered  bool
	}{
		"messages": {string(damaged), 3, false}, "messages, ordered": {string(damaged), 3, true},
		"nothing": {strings.Repeat("\x00", 3000), 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			whole := simdisk.New(simdisk.Options{Seed: seed, Dirs: []string{"/d"}, Ordered: c.ordered})
			onSimdisk(t, whole, func(fsys *fsapi.FS) {
				f := fsys.Create("/d/m.1", fsapi.FailIfExists, fsapi.Perm{Mode: 0o640})
				defer f.Close()
				w := fsapi.NewWriter(soon(t), f)
				_, err := w.Write([]byte(c.data))
				require.NoError(t, err)
				require.NoError(t, w.Commit())
			})
			rng, at := rand.New(rand.NewSource(seed)), 1
			for ; ; at++ {
				disk := whole.Copy()
				disk.CutAt(at)
				failed := repairOn(t, disk)
				for range 12 {
					survivor := rng.Int63()
					left := disk.AfterCrash(survivor)
					say := []any{"cut at operation %d, survivor %d: %v", at, survivor, failed}
					requireRepaired(t, left, c.data, c.messages, failed == nil, say...)
					require.NoError(t, repairOn(t, left), say...)
					requireRepaired(t, left, c.data, c.messages, true, say...)
				}
				if !disk.Dead() {
					require.NoError(t, failed)
					break
				}
			}
			t.Logf("%d operations", at)
			require.Greater(t, at, 10)
		})
	}
}

func onSimdisk(t *testing.T, disk *simdisk.Disk, do func(fsys *fsapi.FS)) {
	fsys, err := fsapi.New(fsapi.Options{Engine: disk})
	require.NoError(t, err)
	do(fsys)
	require.NoError(t, fsys.Close())
}

func repairOn(t *testing.T, disk *simdisk.Disk) (failed error) {
	onSimdisk(t, disk, func(fsys *fsapi.FS) {
		_, failed = RepairFile(soon(t), fsys, "/d/m.1", RepairFileOptions{RemoveEmpty: true})
		if _, there := disk.Files()["/d/m.1"]; !there && errors.Is(failed, fs.ErrNotExist) {
			failed = nil // a repair before this one has removed it
		}
	})
	return failed
}

// requireRepaired looks at the files around m.1. done: it has been repaired.
func requireRepaired(t *testing.T, disk *simdisk.Disk, damaged string, messages int, done bool, say ...any) {
	kept := 0
	files := disk.Files()
	for name, f := range files {
		if strings.HasPrefix(path.Base(name), "m.1") && string(f.Data) == damaged {
			kept++
		}
	}
	require.Positive(t, kept, say...)
	f, there := files["/d/m.1"]
	switch {
	case string(f.Data) == damaged:
		require.False(t, done, say...)
		require.LessOrEqual(t, kept, 2, say...)
	case messages == 0:
		require.False(t, there, say...)
	default:
		require.True(t, there, say...)
		bodies, err := repairedBodies(string(f.Data))
		require.NoError(t, err, say...)
		require.Len(t, bodies, messages, say...)
		require.EqualValues(t, 0o640, f.Mode, say...)
		require.Equal(t, 1, kept, say...)
	}
}
