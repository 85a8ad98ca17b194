package fsapi

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// isSyncOf chooses the syncs of one path.
func isSyncOf(path string) fault.Rule {
	return fault.Rule{Kinds: fault.Kinds(backend.OpSync), Path: path}
}

// noFlaggedRenames is a file system that can only replace.
func noFlaggedRenames() fault.Rule {
	cause := fmt.Errorf("%w: %w", backend.ErrUnsupported, syscall.EINVAL)
	flagged := func(op *backend.Op, _ string) bool { return op.Rename != 0 }
	return fault.Rule{Kinds: fault.Kinds(backend.OpRename), Match: flagged, Times: fault.Always}.Fail(cause)
}

// A name that may not last is taken back, before anybody is told.
func TestFailedDirectorySync(t *testing.T) {
	for name, c := range map[string]struct {
		mode   CreateMode
		before map[string]string
		plain  bool
	}{
		"new":                {FailIfExists, map[string]string{}, false},
		"new, by link":       {FailIfExists, map[string]string{}, true},
		"replace":            {ReplaceIfExists, map[string]string{"a": "old"}, false},
		"replace nothing":    {ReplaceIfExists, map[string]string{}, false},
		"replace, by rename": {ReplaceIfExists, map[string]string{"a": "old"}, true},
		"new one, by rename": {ReplaceIfExists, map[string]string{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			eachFaulty(t, func(t *testing.T, fs *FS, b *fault.Backend, dir string) {
				for name, data := range c.before {
					put(t, dir+"/"+name, data)
				}
				if c.plain {
					b.Add(noFlaggedRenames())
				}
				bad := b.Add(isSyncOf(dir).Fail(syscall.EIO))
				f := fs.Create(dir+"/a", c.mode, Perm{})
				write(t, f, "new")
				w := NewWriter(patient(t), f)
				err := w.Commit()
				require.ErrorIs(t, err, syscall.EIO)
				require.ErrorIs(t, err, ErrPoisoned)
				require.ErrorContains(t, err, dir)
				require.Equal(t, c.before, state(t, dir), "at the moment of the report")
				require.NoError(t, f.Rollback())
				require.Equal(t, err, w.Commit())
				require.Equal(t, err, w.CommitAs("b"))
				require.Equal(t, 1, bad.Matched(), "the sync is never repeated")
				require.NoError(t, f.Close())
			})
		})
	}
}

// Who waits for the next sync of a directory has his name in it already: the
// failure of the one under way may be his.
func TestFailedDirectorySyncIsEverybodys(t *testing.T) {
	eachFaulty(t, func(t *testing.T, fs *FS, b *fault.Backend, dir string) {
		held := b.Add(isSyncOf(dir).Hold().Fail(syscall.EIO))
		first, second := fs.Create(dir+"/a", FailIfExists, Perm{}), fs.Create(dir+"/b", FailIfExists, Perm{})
		require.Equal(t, ErrAgain, first.Commit())
		<-held.Reached()
		require.Equal(t, ErrAgain, second.Commit())
		for !fs.dirs.awaited(dir) {
			require.NoError(t, patient(t).Err())
			fs.flush()
		}
		held.Release()
		for _, f := range []*File{first, second} {
			require.ErrorIs(t, f.awaitCommit(patient(t), ""), syscall.EIO)
			require.NoError(t, f.Close())
		}
		require.Empty(t, names(t, dir))
	})
}

// awaited reports whether somebody waits for the next sync of dir.
func (d *dirSyncs) awaited(dir string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.dirs[dir]
	return s != nil && len(s.later) > 0
}

// A failed exchange whose outcome nobody can find out must not cost the old
// content.
func TestReplaceInDoubtKeepsTheOldContent(t *testing.T) {
	onlyUnix(t)
	exchange := func(op *backend.Op, _ string) bool { return op.Rename == backend.RenameExchange }
	for name, rules := range map[string]func(dir string) []fault.Rule{
		"nobody knows": func(dir string) []fault.Rule {
			return []fault.Rule{
				fault.Rule{Kinds: fault.Kinds(backend.OpRename), Match: exchange}.FailAfter(syscall.EIO),
				fault.Rule{Kinds: fault.Kinds(backend.OpStat), Path: dir + "/a", Skip: 1}.Fail(syscall.EIO),
			}
		},
		"no way back": func(dir string) []fault.Rule {
			return []fault.Rule{
				isSyncOf(dir).Fail(syscall.EIO),
				fault.Rule{Kinds: fault.Kinds(backend.OpRename), Match: exchange, Skip: 1}.Fail(syscall.EROFS),
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, e := range engines {
				b := fault.Wrap(e.make(t))
				fs := openFS(t, b, Options{})
				dir := t.TempDir()
				put(t, dir+"/a", "old")
				for _, r := range rules(dir) {
					b.Add(r)
				}
				require.ErrorIs(t, commit1(t, fs.Create(dir+"/a", ReplaceIfExists, Perm{}), "new", ""), syscall.EIO)
				closeFS(t, fs)
				found := map[string]bool{}
				for _, data := range state(t, dir) {
					found[data] = true
				}
				require.True(t, found["old"], "the old content is somewhere")
				require.Equal(t, "new", content(t, dir+"/a"))
			}
		})
	}
}

// Whatever the state of the file, Rollback leads back to the last commit, and
// writing goes on.
func TestRollbackFromEveryState(t *testing.T) {
	type test struct {
		t   *testing.T
		fs  *FS
		b   *fault.Backend
		dir string
	}
	eio := func(kinds ...backend.Kind) fault.Rule {
		return fault.Rule{Kinds: fault.Kinds(kinds...)}.Fail(syscall.EIO)
	}
	commitFails := func(x test, f *File, want error) {
		require.ErrorIs(x.t, NewWriter(patient(x.t), f).Commit(), want)
	}
	for name, spoil := range map[string]func(x test, f *File) (release func()){
		"nothing": func(test, *File) func() { return nil },
		"small":   func(x test, f *File) func() { write(x.t, f, "lost"); return nil },
		"flush held": func(x test, f *File) func() {
			held := x.b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpWrite, backend.OpWritev)}.Hold())
			write(x.t, f, large[:flushSize+10])
			x.fs.flush()
			<-held.Reached()
			return held.Release
		},
		"scratch open held": func(x test, f *File) func() {
			scratch := func(op *backend.Op, _ string) bool { return op.Open&(backend.OpenUnnamed|backend.OpenExclusive) != 0 }
			held := x.b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpOpen), Match: scratch}.Hold())
			write(x.t, f, large[:flushSize+10])
			x.fs.flush()
			<-held.Reached()
			return held.Release
		},
		"failed write": func(x test, f *File) func() {
			bad := x.b.Add(eio(backend.OpWrite, backend.OpWritev))
			write(x.t, f, "lost")
			commitFails(x, f, syscall.EIO)
			return bad.Remove
		},
		"failed flush": func(x test, f *File) func() {
			bad := x.b.Add(eio(backend.OpWrite, backend.OpWritev))
			w := NewWriter(patient(x.t), f)
			_, err := w.Write([]byte(large))
			require.ErrorIs(x.t, errors.Join(err, w.Commit()), syscall.EIO)
			require.Empty(x.t, temps(x.t, x.dir))
			return bad.Remove
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachFaulty(t, func(t *testing.T, fs *FS, b *fault.Backend, dir string) {
				put(t, dir+"/a", "old")
				for _, f := range []*File{fs.Open(dir+"/a", Append), fs.Create(dir+"/b", FailIfExists, Perm{})} {
					release := spoil(test{t, fs, b, dir}, f)
					require.NoError(t, f.Rollback())
					write(t, f, "new")
					if release != nil {
						release()
					}
					w := NewWriter(patient(t), f)
					require.NoError(t, w.Commit())
					write(t, f, "er")
					require.NoError(t, w.Commit())
					require.NoError(t, f.Close())
				}
				require.Equal(t, "oldnewer", content(t, dir+"/a"))
				require.Equal(t, "newer", content(t, dir+"/b"))
			})
		})
	}
}

func TestRollbackBeforeTheOpen(t *testing.T) {
	eachFaulty(t, func(t *testing.T, fs *FS, b *fault.Backend, dir string) {
		put(t, dir+"/a", "old")
		held := b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpOpen)}.Hold())
		f := fs.Open(dir+"/a", Append)
		fs.flush()
		<-held.Reached()
		write(t, f, "lost")
		require.NoError(t, f.Rollback())
		write(t, f, "new")
		require.Equal(t, ErrAgain, f.Commit())
		require.Equal(t, ErrAgain, f.Rollback(), "a commit is under way")
		_, err := f.Write([]byte("x"))
		require.Equal(t, ErrAgain, err)
		held.Release()
		require.NoError(t, f.awaitCommit(patient(t), ""))
		require.NoError(t, f.Close())
		require.Equal(t, "oldnew", content(t, dir+"/a"))
	})
}

func TestRollbackAfterTheNameWasTaken(t *testing.T) {
	eachEngine(t, func(t *testing.T, fs *FS, dir string) {
		put(t, dir+"/a", "old")
		f := fs.Create(dir+"/a", FailIfExists, Perm{})
		write(t, f, "lost")
		w := NewWriter(patient(t), f)
		require.ErrorIs(t, w.Commit(), iofs.ErrExist)
		require.NoError(t, f.Rollback())
		write(t, f, "new")
		require.NoError(t, os.Remove(dir+"/a"))
		require.NoError(t, w.Commit())
		require.Equal(t, "new", content(t, dir+"/a"))
		require.NoError(t, f.Close())
	})
}

func TestNothingWritten(t *testing.T) {
	eachFaulty(t, func(t *testing.T, fs *FS, b *fault.Backend, dir string) {
		created := fs.Create(dir+"/a", FailIfExists, Perm{})
		w := NewWriter(patient(t), created)
		require.NoError(t, w.Commit())
		require.Equal(t, map[string]string{"a": ""}, state(t, dir))
		before := b.Operations()
		require.NoError(t, created.Commit(), "twice")
		require.NoError(t, created.Rollback())
		require.NoError(t, created.Commit())
		require.Equal(t, before, b.Operations())
		require.NoError(t, created.Close())
	})
}

// A directory that has the name stays, and nothing is left beside it.
func TestADirectoryHasTheName(t *testing.T) {
	for name, mode := range map[string]CreateMode{"fail": FailIfExists, "replace": ReplaceIfExists} {
		for _, plain := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", plain renames ", plain), func(t *testing.T) {
				eachFaulty(t, func(t *testing.T, fs *FS, b *fault.Backend, dir string) {
					if plain {
						b.Add(noFlaggedRenames())
					}
					require.NoError(t, os.Mkdir(dir+"/a", 0o700))
					err := commit1(t, fs.Create(dir+"/a", mode, Perm{}), "x", "")
					require.ErrorContains(t, err, dir+"/a")
					if mode == FailIfExists {
						require.ErrorIs(t, err, iofs.ErrExist)
					}
					require.NoError(t, fs.Close())
					require.Equal(t, []string{"a"}, names(t, dir))
					require.DirExists(t, dir+"/a")
				})
			})
		}
	}
}

// Whoever looks sees the old file or the new one, whole, while it is replaced
// from several sides.
func TestReplacingIsAtomic(t *testing.T) {
	eachEngine(t, func(t *testing.T, fs *FS, dir string) {
		path := dir + "/a"
		whole := map[string]bool{}
		for i := range 4 {
			whole[strings.Repeat(string(rune('a'+i)), 10_000*(i+1))] = true
		}
		for data := range whole {
			require.NoError(t, commit1(t, fs.Create(path, ReplaceIfExists, Perm{}), data, ""))
		}
		over := make(chan error, len(whole))
		for data := range whole {
			go func() {
				for range 5 {
					if err := commit1(t, fs.Create(path, ReplaceIfExists, Perm{}), data, ""); err != nil {
						over <- err
						return
					}
				}
				over <- nil
			}()
		}
		for left := len(whole); left > 0; {
			select {
			case err := <-over:
				require.NoError(t, err)
				left--
			default:
				require.True(t, whole[content(t, path)])
			}
		}
		require.Equal(t, []string{"a"}, names(t, dir))
	})
}

// A failed flush is told by Commit, and not before its file is gone.
func TestFailureIsToldWhenAllIsGone(t *testing.T) {
	for name, open := range map[string]func(*FS, string) *File{
		"created":  func(fs *FS, dir string) *File { return fs.Create(dir+"/b", FailIfExists, Perm{}) },
		"appended": func(fs *FS, dir string) *File { return fs.Open(dir+"/a", Append) },
	} {
		t.Run(name, func(t *testing.T) {
			eachFaulty(t, func(t *testing.T, fs *FS, b *fault.Backend, dir string) {
				put(t, dir+"/a", "old")
				b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpWrite, backend.OpWritev)}.Fail(syscall.EIO))
				held := b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpClose)}.Hold())
				f := open(fs, dir)
				_, err := f.Write([]byte(large[:flushSize+10]))
				require.NoError(t, err)
				fs.flush()
				<-held.Reached()
				require.Equal(t, ErrAgain, f.Commit())
				held.Release()
				require.ErrorIs(t, f.awaitCommit(patient(t), ""), syscall.EIO)
				require.Equal(t, map[string]string{"a": "old"}, state(t, dir))
				require.NoError(t, f.Close())
			})
		})
	}
}
