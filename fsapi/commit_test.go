package fsapi

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

var large = strings.Repeat("0123456789abcdef", 5<<20/16) // more than a file holds in memory

// scenario is a piece of work on a directory, with what it starts from and what
// it comes to.
type scenario struct {
	name   string
	before map[string]string
	work   func(t *testing.T, fs *FS, dir string) error
	after  map[string]string
	// unharmed: an operation that would have failed anyway may be hit.
	unharmed bool
}

func commit1(t *testing.T, f *File, data, as string) error {
	defer f.Close()
	w := NewWriter(patient(t), f)
	if _, err := w.Write([]byte(data)); err != nil {
		return err
	}
	if as != "" {
		return w.CommitAs(as)
	}
	return w.Commit()
}

var scenarios = []scenario{
	{"create", nil, func(t *testing.T, fs *FS, dir string) error {
		return commit1(t, fs.Create(dir+"/a", FailIfExists, Perm{}), "new", "")
	}, map[string]string{"a": "new"}, false},
	{"create nothing", nil, func(t *testing.T, fs *FS, dir string) error {
		return commit1(t, fs.Create(dir+"/a", FailIfExists, Perm{}), "", "")
	}, map[string]string{"a": ""}, false},
	{"create large, under another name", nil, func(t *testing.T, fs *FS, dir string) error {
		return commit1(t, fs.Create(dir+"/a", FailIfExists, Perm{}), large, "b")
	}, map[string]string{"b": large}, false},
	{"replace", map[string]string{"a": "old"}, func(t *testing.T, fs *FS, dir string) error {
		return commit1(t, fs.Create(dir+"/a", ReplaceIfExists, Perm{}), "new", "")
	}, map[string]string{"a": "new"}, true},
	{"replace nothing", nil, func(t *testing.T, fs *FS, dir string) error {
		return commit1(t, fs.Create(dir+"/a", ReplaceIfExists, Perm{}), "new", "")
	}, map[string]string{"a": "new"}, false},
	{"append", map[string]string{"a": "old"}, func(t *testing.T, fs *FS, dir string) error {
		return commit1(t, fs.Open(dir+"/a", Append), "new", "")
	}, map[string]string{"a": "oldnew"}, false},
	{"append large", map[string]string{"a": "old"}, func(t *testing.T, fs *FS, dir string) error {
		return commit1(t, fs.Open(dir+"/a", Append), large, "")
	}, map[string]string{"a": "old" + large}, false},
}

// state returns the files of dir with their contents, temporary ones included.
func state(t *testing.T, dir string) map[string]string {
	out := map[string]string{}
	for _, name := range names(t, dir) {
		out[name] = content(t, filepath.Join(dir, name))
	}
	return out
}

func (s scenario) setUp(t *testing.T) string {
	dir, err := os.MkdirTemp(t.TempDir(), "")
	require.NoError(t, err)
	for name, data := range s.before {
		put(t, filepath.Join(dir, name), data)
	}
	return dir
}

func (s scenario) old() map[string]string {
	if s.before == nil {
		return map[string]string{}
	}
	return s.before
}

func TestScenariosSucceed(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			eachEngine(t, func(t *testing.T, fs *FS, _ string) {
				dir := s.setUp(t)
				require.NoError(t, s.work(t, fs, dir))
				require.Equal(t, s.after, state(t, dir))
			})
		})
	}
}

// Whatever fails, at whatever operation: the error comes out, and the old state
// is there and nothing else. Operations whose result matters to nobody (the
// end of the old file, closing) may fail unseen.
func TestEveryFailureLeavesTheOldState(t *testing.T) {
	kinds := fault.Kinds(backend.OpOpen, backend.OpRead, backend.OpWrite, backend.OpWritev, backend.OpSync,
		backend.OpDatasync, backend.OpStat, backend.OpRename)
	effects := map[string]func(fault.Rule) fault.Rule{
		"fails":          func(r fault.Rule) fault.Rule { return r.Fail(syscall.EIO) },
		"disk full":      func(r fault.Rule) fault.Rule { return r.FailPartial(2, syscall.ENOSPC) },
		"done and fails": func(r fault.Rule) fault.Rule { return r.FailAfter(syscall.EIO) },
	}
	for _, s := range scenarios {
		for effect, with := range effects {
			for _, e := range engines {
				t.Run(s.name+"/"+effect+"/"+e.name, func(t *testing.T) {
					rule := with(fault.Rule{Kinds: kinds})
					require.NoError(t, fault.Sweep(200, func() backend.Backend { return e.make(t) }, rule, func(b *fault.Backend, f *fault.Fault) error {
						return s.withFault(t, b, f)
					}))
				})
			}
		}
	}
}

func (s scenario) withFault(t *testing.T, b *fault.Backend, f *fault.Fault) error {
	dir := s.setUp(t)
	fs := openFS(t, b, Options{})
	err := s.work(t, fs, dir)
	closeFS(t, fs)
	got := state(t, dir)
	switch {
	case err == nil && fmt.Sprint(got) != fmt.Sprint(s.after):
		return fmt.Errorf("success, but not done: %v", keys(got))
	case err == nil && f.Hits() > 0 && !s.unharmed:
		return errors.New("success was reported")
	case err == nil:
		return nil
	case f.Hits() == 0:
		return err
	case !errors.Is(err, syscall.EIO) && !errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("the error does not say why: %w", err)
	case !strings.Contains(err.Error(), dir):
		return fmt.Errorf("the error does not say where: %w", err)
	case fmt.Sprint(got) != fmt.Sprint(s.old()):
		return fmt.Errorf("the old state is not there after %w: %v", err, keys(got))
	}
	return nil
}

func keys(m map[string]string) (out []string) {
	for k, v := range m {
		out = append(out, fmt.Sprintf("%s (%d bytes)", k, len(v)))
	}
	return out
}

// The order of a durable creation, as the engine sees it.
func TestOrderOfACommit(t *testing.T) {
	eachFaulty(t, func(t *testing.T, fs *FS, b *fault.Backend, dir string) {
		log := b.Record()
		require.NoError(t, commit1(t, fs.Create(dir+"/tmp", FailIfExists, Perm{}), "mail", "u.1"))
		write, sync, name := log.Events(backend.OpWrite), log.Events(backend.OpSync), log.Events(backend.OpRename)
		require.Len(t, write, 1)
		require.Len(t, sync, 2)
		require.Len(t, name, 1)
		require.True(t, write[0].Before(sync[0]), "the data is synced after it was written")
		require.True(t, sync[0].Before(name[0]), "the file gets its name after it was synced")
		require.True(t, name[0].Before(sync[1]), "the directory is synced after that")
		require.Equal(t, dir, sync[1].Path)
		require.Equal(t, dir+"/u.1", name[0].NewPath)
	})
}

func TestSyncNeverDoesNotSync(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			b := fault.Wrap(e.make(t))
			log := b.Record()
			fs := openFS(t, b, Options{Sync: SyncNever})
			dir := t.TempDir()
			f := fs.Create(dir+"/a", ReplaceIfExists, Perm{})
			require.NoError(t, commit1(t, f, "x", ""))
			require.NoError(t, commit1(t, fs.Open(dir+"/a", Append), "y", ""))
			closeFS(t, fs)
			require.Equal(t, "xy", content(t, dir+"/a"))
			require.Empty(t, log.Events(backend.OpSync, backend.OpDatasync))
		})
	}
}

func TestCommitIsSeenByNobodyBefore(t *testing.T) {
	eachFaulty(t, func(t *testing.T, fs *FS, b *fault.Backend, dir string) {
		held := b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpSync)}.Hold())
		f := fs.Create(dir+"/a", FailIfExists, Perm{})
		write(t, f, "mail")
		require.Equal(t, ErrAgain, f.Commit())
		<-held.Reached()
		require.NoFileExists(t, dir+"/a")
		g := fs.Open(dir+"/a", ReadOnly)
		_, err := NewReader(patient(t), g).Read(make([]byte, 1))
		require.ErrorIs(t, err, iofs.ErrNotExist)
		require.NoError(t, g.Close())
		require.Equal(t, ErrAgain, f.Commit(), "not reported before it is true")
		held.Release()
		require.NoError(t, NewWriter(patient(t), f).Commit())
		require.Equal(t, "mail", content(t, dir+"/a"))
		require.NoError(t, f.Close())
	})
}

func TestTheLoserLosesNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, fs *FS, dir string) {
		put(t, dir+"/a", "first")
		f := fs.Create(dir+"/a", FailIfExists, Perm{})
		write(t, f, "second")
		w := NewWriter(patient(t), f)
		require.ErrorIs(t, w.Commit(), iofs.ErrExist)
		require.Equal(t, "first", content(t, dir+"/a"))
		write(t, f, " try")
		require.ErrorIs(t, w.Commit(), iofs.ErrExist)
		require.NoError(t, w.CommitAs("b"))
		require.Equal(t, "second try", content(t, dir+"/b"))
		require.NoError(t, f.Close())
	})
}

func TestOneOfTwoWins(t *testing.T) {
	eachEngine(t, func(t *testing.T, fs *FS, dir string) {
		for i := range 50 {
			path := fmt.Sprintf("%s/%d", dir, i)
			errs := make(chan error, 2)
			for _, data := range []string{"x", "y"} {
				f := fs.Create(path, FailIfExists, Perm{})
				write(t, f, data)
				go func() {
					defer f.Close()
					errs <- f.awaitCommit(patient(t), "")
				}()
			}
			first, second := <-errs, <-errs
			require.True(t, (first == nil) != (second == nil), "%v, %v", first, second)
			require.ErrorIs(t, errors.Join(first, second), iofs.ErrExist)
			require.Len(t, content(t, path), 1)
		}
	})
}

func TestAFailedSyncPoisons(t *testing.T) {
	for _, what := range []struct {
		name string
		kind backend.Kind
		open func(*FS, string) *File
	}{
		{"created", backend.OpSync, func(fs *FS, dir string) *File { return fs.Create(dir+"/b", FailIfExists, Perm{}) }},
		{"appended", backend.OpDatasync, func(fs *FS, dir string) *File { return fs.Open(dir+"/a", Append) }},
	} {
		t.Run(what.name, func(t *testing.T) {
			eachFaulty(t, func(t *testing.T, fs *FS, b *fault.Backend, dir string) {
				put(t, dir+"/a", "old")
				bad := b.Add(fault.Rule{Kinds: fault.Kinds(what.kind)}.Fail(syscall.EIO))
				f := what.open(fs, dir)
				defer f.Close()
				w := NewWriter(patient(t), f)
				write(t, f, "new")
				first := w.Commit()
				require.ErrorIs(t, first, ErrPoisoned)
				require.ErrorIs(t, first, syscall.EIO)
				require.Equal(t, first, w.Commit(), "and for every later commit")
				require.NoError(t, f.Rollback())
				_, err := f.Write([]byte("again"))
				require.Equal(t, first, err)
				require.Equal(t, first, w.Commit())
				require.Equal(t, 1, bad.Hits(), "the sync is never repeated")
				require.Equal(t, map[string]string{"a": "old"}, state(t, dir))
			})
		})
	}
}

func TestFileSystemsThatCannotDoIt(t *testing.T) {
	plainOnly := func(op *backend.Op, _ string) bool { return op.Rename != 0 }
	unsupported := fmt.Errorf("%w: %w", backend.ErrUnsupported, syscall.EINVAL)
	for name, mode := range map[string]CreateMode{"fail": FailIfExists, "replace": ReplaceIfExists} {
		t.Run(name, func(t *testing.T) {
			eachFaulty(t, func(t *testing.T, fs *FS, b *fault.Backend, dir string) {
				b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpRename), Match: plainOnly, Times: fault.Always}.Fail(unsupported))
				require.NoError(t, commit1(t, fs.Create(dir+"/a", mode, Perm{}), "one", ""))
				err := commit1(t, fs.Create(dir+"/a", mode, Perm{}), "two", "")
				if mode == FailIfExists {
					require.ErrorIs(t, err, iofs.ErrExist)
					require.Equal(t, "one", content(t, dir+"/a"))
				} else {
					require.NoError(t, err)
					require.Equal(t, "two", content(t, dir+"/a"))
				}
			})
		})
	}
	t.Run("unnamed files", func(t *testing.T) {
		eachFaulty(t, func(t *testing.T, fs *FS, b *fault.Backend, dir string) {
			b.Add(fault.Rule{Match: func(op *backend.Op, _ string) bool { return op.Open&backend.OpenUnnamed != 0 }, Times: fault.Always}.Fail(unsupported))
			put(t, dir+"/a", "old")
			require.NoError(t, commit1(t, fs.Open(dir+"/a", Append), large, ""))
			require.Equal(t, "old"+large, content(t, dir+"/a"))
		})
	})
}

func TestRollback(t *testing.T) {
	for _, size := range []int{5, len(large)} {
		eachEngine(t, func(t *testing.T, fs *FS, dir string) {
			put(t, dir+"/a", "old")
			for _, f := range []*File{fs.Open(dir+"/a", Append), fs.Create(dir+"/b", FailIfExists, Perm{})} {
				write(t, f, large[:size])
				require.NoError(t, f.Rollback())
				write(t, f, "new")
				require.NoError(t, NewWriter(patient(t), f).Commit())
				write(t, f, large[:size])
				require.NoError(t, f.Rollback())
				require.NoError(t, NewWriter(patient(t), f).Commit(), "nothing is left to commit")
				require.NoError(t, f.Close())
			}
			require.Equal(t, map[string]string{"a": "oldnew", "b": "new"}, state(t, dir))
		})
	}
}

// Close at any step of a commit: all of it is there or nothing.
func TestCloseDuringACommit(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			for _, e := range engines {
				for step := range 40 {
					b := fault.Wrap(e.make(t))
					held := b.Add(fault.Rule{Skip: step}.Hold())
					fs := openFS(t, b, Options{})
					dir := s.setUp(t)
					done := make(chan struct{})
					go func() {
						defer close(done)
						s.work(t, fs, dir)
					}()
					reached := false
					select {
					case <-held.Reached():
						reached = true
					case <-done:
					}
					closed := make(chan struct{})
					for _, f := range fs.openFiles() {
						f.Close()
					}
					go func() { closeFS(t, fs); close(closed) }()
					held.Release()
					<-done
					<-closed
					got := fmt.Sprint(state(t, dir))
					if got != fmt.Sprint(s.old()) {
						require.Equal(t, fmt.Sprint(s.after), got, "step %d on %s", step, e.name)
					}
					if !reached {
						break
					}
				}
			}
		})
	}
}

func TestGroups(t *testing.T) {
	eachEngine(t, func(t *testing.T, fs *FS, dir string) {
		require.NoError(t, os.Mkdir(dir+"/d", 0o700))
		put(t, dir+"/taken", "old")
		put(t, dir+"/a", "old")
		bad := fs.Create(dir+"/taken", FailIfExists, Perm{})
		missing := fs.Open(dir+"/missing", Append)
		files := []*File{bad, missing, fs.Open(dir+"/a", Append)}
		for i := range 10 {
			files = append(files, fs.Create(fmt.Sprintf("%s/d/%d", dir, i), FailIfExists, Perm{}))
		}
		for i, f := range files {
			if f != missing {
				write(t, f, fmt.Sprint(i))
			}
		}
		files = append(files, files[5]) // twice
		err := fs.CommitAll(patient(t), files...)
		require.ErrorIs(t, err, iofs.ErrExist)
		require.ErrorIs(t, err, iofs.ErrNotExist)
		require.Equal(t, "old2", content(t, dir+"/a"))
		for i := range 10 {
			require.Equal(t, fmt.Sprint(i+3), content(t, fmt.Sprintf("%s/d/%d", dir, i)))
		}
		for _, f := range files {
			f.Close()
		}
		require.NoError(t, fs.CommitAll(patient(t)))
		require.ErrorIs(t, fs.CommitAll(patient(t), files[4]), ErrClosed)
	})
}

// One directory sync for a whole group.
func TestGroupsShareDirectorySyncs(t *testing.T) {
	eachFaulty(t, func(t *testing.T, fs *FS, b *fault.Backend, dir string) {
		log := b.Record()
		var files []*File
		for i := range 20 {
			f := fs.Create(fmt.Sprintf("%s/%d", dir, i), FailIfExists, Perm{})
			write(t, f, "x")
			files = append(files, f)
		}
		require.NoError(t, fs.CommitAll(patient(t), files...))
		syncs := 0
		for _, e := range log.Events(backend.OpSync) {
			if e.Path == dir {
				syncs++
			}
		}
		require.Equal(t, 1, syncs)
		for _, f := range files {
			require.NoError(t, f.Close())
		}
	})
}

func TestMisuseOfWriting(t *testing.T) {
	eachEngine(t, func(t *testing.T, fs *FS, dir string) {
		put(t, dir+"/a", "old")
		r := fs.Open(dir+"/a", ReadOnly)
		_, err := r.Write([]byte("x"))
		require.ErrorIs(t, err, ErrNotWritable)
		require.ErrorIs(t, r.Commit(), ErrNotWritable)
		require.NoError(t, r.Rollback())
		require.NoError(t, r.Close())
		require.ErrorIs(t, r.Close(), ErrClosed)
		require.ErrorIs(t, r.Commit(), ErrClosed)

		a := fs.Open(dir+"/a", Append)
		require.NoError(t, NewWriter(patient(t), a).Commit(), "nothing to do")
		write(t, a, "x")
		require.ErrorIs(t, a.CommitAs("b"), ErrNamed)
		require.ErrorIs(t, a.CommitAs(""), backend.ErrInvalid)
		require.NoError(t, a.Close())

		c := fs.Create(dir+"/nowhere/x", FailIfExists, Perm{})
		write(t, c, "x")
		w := NewWriter(patient(t), c)
		err = w.Commit()
		require.ErrorIs(t, err, iofs.ErrNotExist)
		require.Equal(t, err, w.Commit(), "until Rollback")
		require.NoError(t, c.Rollback())
		require.NoError(t, c.Close())

		d := fs.Create(dir, ReplaceIfExists, Perm{})
		write(t, d, "x")
		require.Error(t, NewWriter(patient(t), d).Commit(), "a directory is in the way")
		require.NoError(t, d.Close())
		e := fs.Create("", FailIfExists, Perm{})
		_, err = e.Write([]byte("x"))
		require.ErrorIs(t, err, iofs.ErrNotExist)
		require.NoError(t, e.Close())
		require.Equal(t, []string{"a"}, names(t, dir))
	})
}
