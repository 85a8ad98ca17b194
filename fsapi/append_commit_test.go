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

// appender opens path for appending and waits until it is open.
func appender(t *testing.T, fs *FS, path string) *File {
	f := fs.Open(path, Append)
	_, err := f.Stat(patient(t))
	require.NoError(t, err)
	return f
}

// grow appends as another process would.
func grow(t *testing.T, path, data string) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString(data)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// Handles that exclude each other append one after the other, each to the end
// as it then is.
func TestAlternatingAppends(t *testing.T) {
	eachEngine(t, func(t *testing.T, fs *FS, dir string) {
		path, want := dir+"/a", ""
		put(t, path, "")
		fs2 := []*File{appender(t, fs, path), appender(t, fs, path)}
		for i := range 20 {
			mine, other := fs2[i%2], fs2[1-i%2]
			require.NoError(t, mine.TryLock())
			require.ErrorIs(t, other.TryLock(), ErrLocked)
			data := fmt.Sprint(i, " ")
			if i == 7 {
				data += large
			}
			write(t, mine, data)
			require.NoError(t, NewWriter(patient(t), mine).Commit())
			require.NoError(t, mine.Unlock())
			want += data
			if i%5 == 0 {
				grow(t, path, "foreign ")
				want += "foreign "
			}
			require.True(t, want == content(t, path), "after commit %d", i)
		}
		for _, f := range fs2 {
			require.NoError(t, f.Close())
		}
	})
}

// appendCases are writes that the memory holds, and that it does not.
var appendCases = map[string]string{"small": "new", "spilled": large}

// A commit that fails when it has written some cuts it off again.
func TestFailedAppendIsCutOff(t *testing.T) {
	for name, data := range appendCases {
		for cause, r := range map[string]fault.Rule{
			"full disk":     fault.Rule{Kinds: fault.Kinds(backend.OpWrite, backend.OpWritev)}.FailPartial(2, syscall.ENOSPC),
			"broken disk":   fault.Rule{Kinds: fault.Kinds(backend.OpWrite, backend.OpWritev)}.FailAfter(syscall.EIO),
			"failed sync":   fault.Rule{Kinds: fault.Kinds(backend.OpDatasync)}.Fail(syscall.EIO),
			"silently less": fault.Rule{Kinds: fault.Kinds(backend.OpWrite, backend.OpWritev)}.Short(2),
		} {
			t.Run(name+"/"+cause, func(t *testing.T) {
				eachFaulty(t, func(t *testing.T, fs *FS, b *fault.Backend, dir string) {
					put(t, dir+"/a", "old")
					f := appender(t, fs, dir+"/a")
					r.Match = func(op *backend.Op, _ string) bool { return op.Handle == &f.handle }
					bad := b.Add(r)
					write(t, f, data)
					require.Error(t, NewWriter(patient(t), f).Commit())
					require.Equal(t, 1, bad.Hits())
					require.Equal(t, "old", content(t, dir+"/a"), "at the moment of the report")
					require.NoError(t, f.Close())
					require.NoError(t, commit1(t, fs.Open(dir+"/a", Append), "!", ""))
					require.Equal(t, "old!", content(t, dir+"/a"))
				})
			})
		}
	}
}

// What somebody has appended behind a commit that fails is not ours to cut.
func TestForeignTailIsNotCut(t *testing.T) {
	eachFaulty(t, func(t *testing.T, fs *FS, b *fault.Backend, dir string) {
		path := dir + "/a"
		put(t, path, "old")
		f := appender(t, fs, path)
		held := b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpDatasync)}.Hold().Fail(syscall.EIO))
		write(t, f, "new")
		require.Equal(t, ErrAgain, f.Commit())
		<-held.Reached()
		grow(t, path, "foreign")
		held.Release()
		require.ErrorIs(t, NewWriter(patient(t), f).Commit(), ErrPoisoned)
		require.Equal(t, "oldnewforeign", content(t, path))
		require.NoError(t, f.Close())
	})
}

// What has spilled is in nobody's way: without files that have no name it is
// in a temporary one, which goes with the commit, the rollback or the handle.
func TestSpilledIntoANamedFile(t *testing.T) {
	end := map[string]func(t *testing.T, f *File){
		"commit":   func(t *testing.T, f *File) { require.NoError(t, NewWriter(patient(t), f).Commit()) },
		"rollback": func(t *testing.T, f *File) { require.NoError(t, f.Rollback()) },
		"close":    func(t *testing.T, f *File) { require.NoError(t, f.Close()) },
	}
	for name, end := range end {
		t.Run(name, func(t *testing.T) {
			eachFaulty(t, func(t *testing.T, fs *FS, b *fault.Backend, dir string) {
				unnamed := func(op *backend.Op, _ string) bool { return op.Open&backend.OpenUnnamed != 0 }
				b.Add(fault.Rule{Match: unnamed, Times: fault.Always}.Fail(backend.ErrUnsupported))
				put(t, dir+"/a", "old")
				f := fs.Open(dir+"/a", Append)
				write(t, f, large)
				require.Len(t, temps(t, dir), 1)
				require.Equal(t, "old", content(t, dir+"/a"), "nothing is in the visible file")
				end(t, f)
				require.NoError(t, fs.Close())
				require.Equal(t, []string{"a"}, names(t, dir))
			})
		})
	}
}

// Neither what is in memory nor what has spilled can be seen before the
// commit.
func TestAppendIsSeenByNobodyBefore(t *testing.T) {
	eachEngine(t, func(t *testing.T, fs *FS, dir string) {
		put(t, dir+"/a", "old")
		f := appender(t, fs, dir+"/a")
		write(t, f, large)
		require.Equal(t, map[string]string{"a": "old"}, state(t, dir))
		g := fs.Open(dir+"/a", ReadOnly)
		buf := make([]byte, 100)
		n, _ := NewReader(patient(t), g).Read(buf)
		require.Equal(t, "old", string(buf[:n]))
		require.NoError(t, NewWriter(patient(t), f).Commit())
		require.NoError(t, errors.Join(f.Close(), g.Close()))
		require.True(t, strings.HasSuffix(content(t, dir+"/a"), large))
	})
}
