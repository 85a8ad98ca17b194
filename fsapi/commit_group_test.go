package fsapi

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// groupFile is a member of the group that groupWork commits.
type groupFile struct {
	name, old, data string
	mode            OpenMode
	replace         CreateMode
}

// groupLarge is enough to be flushed before the commit.
var groupLarge = large[:flushSize+1000]

var groupFiles = []groupFile{
	{name: "d/new", data: "new"},
	{name: "d/large", data: groupLarge},
	{name: "e/replaced", old: "old", data: "newer", replace: ReplaceIfExists},
	{name: "d/log", old: "old", data: "+new", mode: Append},
	{name: "e/spilled", old: "old", data: groupLarge, mode: Append},
}

func (g groupFile) open(fs *FS, dir string) *File {
	if g.mode == Append {
		return fs.Open(dir+"/"+g.name, Append)
	}
	return fs.Create(dir+"/"+g.name, g.replace, Perm{})
}

// is reports whether data is what the file holds before or after its commit.
func (g groupFile) is(data string, committed bool) bool {
	switch {
	case !committed:
		return data == g.old
	case g.mode == Append:
		return data == g.old+g.data
	}
	return data == g.data
}

func groupSetUp(t *testing.T) string {
	dir, err := os.MkdirTemp(t.TempDir(), "")
	require.NoError(t, err)
	for _, sub := range []string{"/d", "/e"} {
		require.NoError(t, os.Mkdir(dir+sub, 0o700))
	}
	for _, g := range groupFiles {
		if g.old != "" {
			put(t, dir+"/"+g.name, g.old)
		}
	}
	return dir
}

// groupWork commits the group, and returns the error of each file and of all.
func groupWork(t *testing.T, fs *FS, dir string) (each []error, all error) {
	var files []*File
	for _, g := range groupFiles {
		f := g.open(fs, dir)
		files = append(files, f)
		// The commit says what is wrong, too.
		_, _ = NewWriter(patient(t), f).Write([]byte(g.data))
	}
	all = fs.CommitAll(patient(t), files...)
	for _, f := range files {
		each = append(each, f.awaitCommit(patient(t), ""))
	}
	return each, all
}

// groupCheck compares what is there with what was reported.
func groupCheck(t *testing.T, dir string, each []error) error {
	if left := temps(t, dir); len(left) > 0 {
		return fmt.Errorf("left behind: %v", left)
	}
	for i, g := range groupFiles {
		data, err := os.ReadFile(dir + "/" + g.name)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if !g.is(string(data), each[i] == nil) {
			return fmt.Errorf("%s: reported %w, but it has %d bytes", g.name, each[i], len(data))
		}
	}
	return nil
}

// Every file of a group has its own fate, and nobody else's.
func TestEveryFailureOfAGroup(t *testing.T) {
	// What is not among these may fail without anybody's loss.
	kinds := fault.Kinds(backend.OpOpen, backend.OpRead, backend.OpWrite, backend.OpWritev, backend.OpSync,
		backend.OpDatasync, backend.OpSyncRange, backend.OpStat, backend.OpRename)
	for effect, c := range map[string]struct {
		rule   fault.Rule
		engine engine
	}{
		"fails":                   {fault.Rule{Kinds: kinds}.Fail(syscall.EIO), engines[0]},
		"fails in the ring":       {fault.Rule{Kinds: kinds}.Fail(syscall.EIO), engines[1]},
		"disk full":               {fault.Rule{Kinds: kinds}.FailPartial(100, syscall.ENOSPC), engines[2]},
		"has happened, and fails": {fault.Rule{Kinds: kinds}.FailAfter(syscall.EIO), engines[1]},
	} {
		t.Run(effect, func(t *testing.T) {
			before := openDescriptors(t)
			require.NoError(t, fault.Sweep(200, func() backend.Backend { return c.engine.make(t) }, c.rule, func(b *fault.Backend, f *fault.Fault) error {
				return groupRun(t, b, f)
			}))
			require.Equal(t, before, openDescriptors(t), "descriptors leaked")
		})
	}
}

func groupRun(t *testing.T, b *fault.Backend, f *fault.Fault) error {
	dir := groupSetUp(t)
	fs := openFS(t, b, Options{})
	each, all := groupWork(t, fs, dir)
	err := groupCheck(t, dir, each) // before anything is closed
	closeFS(t, fs)
	joined := errors.Join(each...)
	switch again := groupCheck(t, dir, each); {
	case err != nil || again != nil:
		return errors.Join(err, again)
	case (all == nil) != (joined == nil):
		return fmt.Errorf("together %w, each %w", all, joined)
	case f.Hits() == 0:
		return joined
	case joined != nil && !strings.Contains(joined.Error(), dir):
		return fmt.Errorf("the error does not say where: %w", joined)
	case joined != nil && !errors.Is(joined, syscall.EIO) && !errors.Is(joined, syscall.ENOSPC):
		return fmt.Errorf("the error does not say why: %w", joined)
	}
	return nil
}

// Close at any step of a group: every file is there as a whole or not at all.
func TestCloseDuringAGroup(t *testing.T) {
	for _, e := range engines[:2] {
		t.Run(e.name, func(t *testing.T) {
			before := openDescriptors(t)
			for step, reached := 0, true; reached; step++ {
				require.Less(t, step, 100)
				b := fault.Wrap(e.make(t))
				held := b.Add(fault.Rule{Skip: step}.Hold())
				fs := openFS(t, b, Options{})
				dir := groupSetUp(t)
				done := make(chan struct{})
				go func() {
					defer close(done)
					groupWork(t, fs, dir)
				}()
				select {
				case <-held.Reached():
				case <-done:
					reached = false
				}
				closing := make(chan struct{})
				go func() {
					defer close(closing)
					for _, f := range fs.openFiles() {
						f.Close()
					}
					closeFS(t, fs)
				}()
				held.Release()
				<-done
				<-closing
				require.Empty(t, temps(t, dir))
				for _, g := range groupFiles {
					data, err := os.ReadFile(dir + "/" + g.name)
					require.True(t, g.is(string(data), true) || g.is(string(data), false) && (g.old != "" || err != nil),
						"step %d: %s has %d bytes", step, g.name, len(data))
				}
			}
			require.Equal(t, before, openDescriptors(t), "descriptors leaked")
		})
	}
}

// One member that closes does not hold up the others.
func TestAMemberOfAGroupCloses(t *testing.T) {
	for _, kind := range []backend.Kind{backend.OpWrite, backend.OpSync, backend.OpRename} {
		t.Run(kind.String(), func(t *testing.T) {
			eachFaulty(t, func(t *testing.T, fs *FS, b *fault.Backend, dir string) {
				held := b.Add(fault.Rule{Kinds: fault.Kinds(kind)}.Hold())
				var files []*File
				for i := range 3 {
					f := fs.Create(fmt.Sprint(dir, "/", i), FailIfExists, Perm{})
					write(t, f, "x")
					files = append(files, f)
				}
				result := make(chan error)
				go func() { result <- fs.CommitAll(patient(t), files...) }()
				<-held.Reached()
				require.NoError(t, files[0].Close())
				held.Release()
				err := <-result
				if err != nil {
					require.ErrorIs(t, err, ErrClosed)
				}
				require.FileExists(t, dir+"/1")
				require.FileExists(t, dir+"/2")
				require.NoError(t, errors.Join(files[1].Close(), files[2].Close()))
			})
		})
	}
}
