package fsapi

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

var lockKinds = map[string]func(*File) error{"flock": (*File).TryLock, "record": (*File).TryLockRecord}

func onLocks(t *testing.T, test func(t *testing.T, fsys *FS, lock func(*File) error), only ...string) {
	for name, lock := range lockKinds {
		t.Run(name, func(t *testing.T) {
			onReadingEngines(t, Options{}, func(t *testing.T, fsys *FS) { test(t, fsys, lock) }, only...)
		})
	}
}

// lockWait repeats a TryLock until the file is open.
func lockWait(t *testing.T, f *File, lock func(*File) error) error {
	for {
		err := lock(f)
		if err != ErrAgain {
			return err
		}
		require.NoError(t, f.Wait(soon(t)))
	}
}

func TestTryLock(t *testing.T) {
	path := fileOf(t, noise(10))
	onLocks(t, func(t *testing.T, fsys *FS, lock func(*File) error) {
		first, second := fsys.Open(path, Append), fsys.Open(path, Append)
		require.NoError(t, lockWait(t, first, lock))
		require.NoError(t, lock(first), "twice is no error")
		require.ErrorIs(t, lockWait(t, second, lock), ErrLocked)

		third := fsys.Open(path, ReadOnly) // its descriptor is not the lock's
		_, err := readRest(soon(t), third, 0)
		require.NoError(t, err)
		require.NoError(t, third.Close())
		require.NoError(t, fsys.SyncDir(soon(t), filepath.Dir(path)), "the close has happened")
		require.ErrorIs(t, lock(second), ErrLocked)

		require.NoError(t, first.Unlock())
		require.NoError(t, first.Unlock(), "twice is no error")
		require.NoError(t, lock(second))
		require.ErrorIs(t, lock(first), ErrLocked)
		require.NoError(t, second.Close())
		require.Eventually(t, func() bool { return lock(first) == nil }, timeLimit, tick, "Close releases it")
		require.NoError(t, first.Close())
		require.ErrorIs(t, lock(first), ErrClosed)
		require.ErrorIs(t, first.Unlock(), ErrClosed)

		missing := fsys.Open(path+"x", Append)
		defer missing.Close()
		require.ErrorIs(t, lockWait(t, missing, lock), os.ErrNotExist)
	})
}

// TestTryLockBeforeTheOpen is ErrAgain, and the output callback fires.
func TestTryLockBeforeTheOpen(t *testing.T) {
	path := fileOf(t, noise(10))
	onLocks(t, func(t *testing.T, fsys *FS, lock func(*File) error) {
		held := fsys.backend.(*fault.Backend).Add(fault.Rule{Kinds: fault.Kinds(backend.OpOpen)}.Hold())
		f := fsys.Open(path, Append)
		defer f.Close()
		called := make(chan bool, 10)
		f.SetOutputCallback(func() { called <- true })
		require.Equal(t, ErrAgain, lock(f))
		within(t, held.Reached())
		require.Equal(t, ErrAgain, lock(f))
		require.Empty(t, called)
		held.Release()
		within(t, called)
		require.NoError(t, lock(f))
		require.Empty(t, called)
	}, bothQueued...)
}

const lockChild = "FSAPI_TEST_LOCK"

// startLocker starts this binary once more: a process that takes the lock if
// it can, keeps reads of the file in flight, says how it went, and waits.
func startLocker(t *testing.T, kind, engine, path string) (say string, kill func()) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestLockerChild$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s:%s:%s", lockChild, kind, engine, path), EnvBackend+"=")
	_, err := cmd.StdinPipe() // it ends when we do
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	killed := false
	kill = func() {
		if !killed {
			killed = true
			cmd.Process.Kill()
			cmd.Wait()
		}
	}
	t.Cleanup(kill)
	say, err = bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(say), kill
}

func TestLockerChild(t *testing.T) {
	what := strings.SplitN(os.Getenv(lockChild), ":", 3)
	if len(what) != 3 {
		t.Skip("only for a child process of another test")
	}
	fsys, err := New(Options{Backend: BackendKind(what[1])})
	if err != nil {
		fmt.Println("no engine")
		return
	}
	f := fsys.Open(what[2], Append)
	err = lockWait(t, f, lockKinds[what[0]])
	for i := range 100 {
		fsys.Open(what[2], ReadOnly).Pread(make([]byte, 100), int64(i)<<20)
	}
	fsys.Wait(soon(t))
	fmt.Println(err == nil, err)
	bufio.NewReader(os.Stdin).ReadByte()
}

// TestLocksOfOtherProcesses exclude us, and end with the process, however
// suddenly, also with reads in flight.
func TestLocksOfOtherProcesses(t *testing.T) {
	for _, engine := range []string{"threadpool", "uring"} {
		t.Run(engine, func(t *testing.T) {
			for kind, lock := range lockKinds {
				t.Run(kind, func(t *testing.T) {
					path := fileOf(t, noise(10))
					require.NoError(t, os.Truncate(path, 1<<30)) // nothing of it is cached
					fsys, err := New(Options{})
					require.NoError(t, err)
					defer fsys.Close()
					f := fsys.Open(path, Append)
					require.NoError(t, lockWait(t, f, lock))
					say, kill := startLocker(t, kind, engine, path)
					if say == "no engine" {
						t.Skip(say)
					}
					require.Contains(t, say, ErrLocked.Error())
					kill()
					require.NoError(t, f.Unlock())

					say, kill = startLocker(t, kind, engine, path)
					require.True(t, strings.HasPrefix(say, "true"), say)
					require.ErrorIs(t, lock(f), ErrLocked)
					kill()
					for ctx := soon(t); ; runtime.Gosched() { // the kernel may still be at it
						err := lock(f)
						if err == nil {
							break
						}
						require.ErrorIs(t, err, ErrLocked)
						require.NoError(t, ctx.Err(), "still locked")
					}
				})
			}
		})
	}
}
