package fsapi

import (
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// commitClean commits data, and checks that a failure is told only when
// nothing temporary is left.
func commitClean(t *testing.T, dir string, f *File, data, as string) error {
	defer f.Close()
	w := NewWriter(patient(t), f)
	// What is wrong comes out of the commit as well.
	_, _ = w.Write([]byte(data))
	if as == "" {
		as = f.Path()
	}
	err := f.awaitCommit(patient(t), as0(f, as))
	if left := temps(t, dir); err != nil && len(left) > 0 {
		return fmt.Errorf("left behind: %v, after %v", left, err)
	}
	return err
}

// lessAbleDisks are rules for file systems that cannot do everything.
var lessAbleDisks = map[string]func(*fault.Backend){
	"able":     func(*fault.Backend) {},
	"no flags": func(b *fault.Backend) { b.Add(noFlaggedRenames()) },
	"no flags, no links, no unnamed": func(b *fault.Backend) {
		b.Add(noFlaggedRenames())
		b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpLink), Times: fault.Always}.Fail(syscall.EPERM))
		unnamed := func(op *backend.Op, _ string) bool { return op.Open&backend.OpenUnnamed != 0 }
		b.Add(fault.Rule{Match: unnamed, Times: fault.Always}.Fail(backend.ErrUnsupported))
	},
}

// Two commits after another, under names in other directories, on disks that
// need the other ways: after whatever failure the old state is there.
func TestEveryFailureOfTheOtherWays(t *testing.T) {
	spilled := large[:flushSize+1000]
	cases := []scenario{
		{"create", nil, func(t *testing.T, fs *FS, dir string) error {
			return commitClean(t, dir, fs.Create(dir+"/x", FailIfExists, Perm{}), "new", dir+"/a")
		}, map[string]string{"a": "new"}, true},
		{"replace", map[string]string{"a": "old"}, func(t *testing.T, fs *FS, dir string) error {
			return commitClean(t, dir, fs.Create(dir+"/x", ReplaceIfExists, Perm{}), spilled, "a")
		}, map[string]string{"a": spilled}, true},
		{"replace nothing", map[string]string{}, func(t *testing.T, fs *FS, dir string) error {
			return commitClean(t, dir, fs.Create(dir+"/a", ReplaceIfExists, Perm{}), "", "")
		}, map[string]string{"a": ""}, true},
		{"append", map[string]string{"a": "old"}, func(t *testing.T, fs *FS, dir string) error {
			return commitClean(t, dir, fs.Open(dir+"/a", Append), spilled, "")
		}, map[string]string{"a": "old" + spilled}, true},
	}
	kinds := fault.Kinds(backend.OpOpen, backend.OpRead, backend.OpWrite, backend.OpWritev, backend.OpSync,
		backend.OpDatasync, backend.OpStat, backend.OpRename, backend.OpLink, backend.OpClose)
	rules := map[string]fault.Rule{
		"fails":                   fault.Rule{Kinds: kinds}.Fail(syscall.EIO),
		"disk full":               fault.Rule{Kinds: kinds}.FailPartial(1, syscall.ENOSPC),
		"has happened, and fails": fault.Rule{Kinds: kinds}.FailAfter(syscall.EIO),
	}
	for disk, limit := range lessAbleDisks {
		for _, s := range cases {
			for effect, rule := range rules {
				if s.name != "append" && disk == "no flags, no links, no unnamed" {
					continue // nothing can be taken back there
				}
				t.Run(disk+"/"+s.name+"/"+effect, func(t *testing.T) {
					before := openDescriptors(t)
					require.NoError(t, fault.Sweep(100, func() backend.Backend { return backend.NewSync(0) }, rule, func(b *fault.Backend, f *fault.Fault) error {
						limit(b)
						return s.withFault(t, b, f)
					}))
					require.Equal(t, before, openDescriptors(t), "descriptors leaked")
				})
			}
		}
	}
}

// Without flags and links there is still a way to replace.
func TestReplaceWithTheLeast(t *testing.T) {
	eachFaulty(t, func(t *testing.T, fs *FS, b *fault.Backend, dir string) {
		lessAbleDisks["no flags, no links, no unnamed"](b)
		for _, data := range []string{"one", "two"} {
			require.NoError(t, commitClean(t, dir, fs.Create(dir+"/a", ReplaceIfExists, Perm{}), data, ""))
			require.Equal(t, map[string]string{"a": data}, state(t, dir))
		}
		err := commitClean(t, dir, fs.Create(dir+"/b", FailIfExists, Perm{}), "x", "")
		require.ErrorIs(t, err, os.ErrPermission, "no way to refuse to replace")
		require.Equal(t, []string{"a"}, names(t, dir))
	})
}
