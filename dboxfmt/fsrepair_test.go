package dboxfmt

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend"
	inject "github.com/ringbox/ringbox/fsapi/backend/fault"
)

// damagedFile is one whose second message of three has lost its first byte.
func damagedFile(t testing.TB) []byte {
	data := fileOf(t, 3, "one\n", "two\n", "three\n")
	data[forward(data, false).messages[1].Offset] ^= 0xff
	return data
}

// repairedBodies reads a file that must be in order.
func repairedBodies(data string) (bodies []string, err error) {
	all := forward([]byte(data), false)
	for _, f := range all.messages {
		bodies = append(bodies, f.body)
	}
	return bodies, all.err
}

func TestRepairFile(t *testing.T) {
	onEngines(t, func(t *testing.T, d *disk) {
		damaged := damagedFile(t)
		path := d.put("m.1", damaged)
		require.NoError(t, os.Chmod(path, 0o640))
		before, err := os.Stat(path)
		require.NoError(t, err)

		report, err := RepairFile(soon(t), d.FS, path, RepairFileOptions{DryRun: true})
		require.NoError(t, err)
		require.True(t, report.Changed)
		require.Equal(t, 3, report.Messages)
		require.Empty(t, report.Broken)
		require.Equal(t, []string{"m.1"}, d.names())
		require.Equal(t, string(damaged), d.content(path))

		report, err = RepairFile(soon(t), d.FS, path, RepairFileOptions{})
		require.NoError(t, err)
		require.Equal(t, path+".broken", report.Broken)
		require.Equal(t, []string{"m.1", "m.1.broken"}, d.names())
		require.Equal(t, string(damaged), d.content(report.Broken))
		bodies, err := repairedBodies(d.content(path))
		require.NoError(t, err)
		require.Len(t, bodies, 3)
		require.Equal(t, "one\n", bodies[0])
		require.Equal(t, "three\n", bodies[2])
		after, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, before.Mode(), after.Mode())
		old, err := os.Stat(report.Broken)
		require.NoError(t, err)
		require.True(t, os.SameFile(before, old), "the old file itself")

		report, err = RepairFile(soon(t), d.FS, path, RepairFileOptions{})
		require.NoError(t, err)
		require.False(t, report.Changed)
		require.Empty(t, report.Broken)
		again, err := os.Stat(path)
		require.NoError(t, err)
		require.True(t, os.SameFile(after, again), "an undamaged file is left alone")

		for i := range 3 { // older evidence is never overwritten
			d.put("m.2", damaged)
			d.put("m.2.broken", []byte("older"))
			report, err = RepairFile(soon(t), d.FS, d.dir+"/m.2", RepairFileOptions{})
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("%s/m.2.broken.%d", d.dir, i+1), report.Broken)
			require.Equal(t, "older", d.content(d.dir+"/m.2.broken"))
		}
	})
}

// TestRepairFileWithoutMessages leaves it alone, or takes the name away and
// keeps the bytes.
func TestRepairFileWithoutMessages(t *testing.T) {
	onEngines(t, func(t *testing.T, d *disk) {
		for name, data := range map[string]string{"m.1": "", "m.2": "2 M1e C5\n", "m.3": xs('\x00', 3000)} {
			path := d.put(name, []byte(data))
			report, err := RepairFile(soon(t), d.FS, path, RepairFileOptions{})
			require.NoError(t, err)
			require.Zero(t, report.Messages)
			require.Empty(t, report.Broken)
			require.Equal(t, []string{name}, d.names())
			report, err = RepairFile(soon(t), d.FS, path, RepairFileOptions{RemoveEmpty: true})
			require.NoError(t, err)
			if report.Changed {
				require.Equal(t, path+".broken", report.Broken)
				require.Equal(t, []string{name + ".broken"}, d.names())
				require.Equal(t, data, d.content(report.Broken))
				require.NoError(t, os.Remove(report.Broken))
			} else {
				require.NoError(t, os.Remove(path))
			}
		}
	})
}

func TestRepairFileRefuses(t *testing.T) {
	onEngines(t, func(t *testing.T, d *disk) {
		_, err := RepairFile(soon(t), d.FS, d.dir+"/none", RepairFileOptions{})
		require.ErrorIs(t, err, os.ErrNotExist)
		path := d.put("m.1", damagedFile(t))
		f := d.Open(path, fsapi.Append)
		require.NoError(t, await(soon(t), f, f.TryLock))
		_, err = RepairFile(soon(t), d.FS, path, RepairFileOptions{})
		require.ErrorIs(t, err, fsapi.ErrLocked)
		require.Equal(t, []string{"m.1"}, d.names())
		require.NoError(t, f.Close())
		if os.Getuid() == 0 {
			require.NoError(t, os.Chown(path, 65534, 65533))
			require.Eventually(t, func() bool {
				_, err = RepairFile(soon(t), d.FS, path, RepairFileOptions{})
				return !errors.Is(err, fsapi.ErrLocked)
			}, 20*time.Second, time.Millisecond)
			require.ErrorIs(t, err, ErrOwner)
			require.Equal(t, []string{"m.1"}, d.names())
			report, err := RepairFile(soon(t), d.FS, path, RepairFileOptions{ChangeOwner: true})
			require.NoError(t, err)
			require.NotEmpty(t, report.Broken)
			info, err := d.Stat(soon(t), path)
			require.NoError(t, err)
			require.EqualValues(t, 65533, info.Sys().(fsapi.Info).GID, "the group stays in any case")
		}
	})
}

// TestRepairFileReplaced: the file that is repaired is the one that has the name
// when the lock is there.
func TestRepairFileReplaced(t *testing.T) {
	onEngines(t, func(t *testing.T, d *disk) {
		path := d.put("m.1", damagedFile(t))
		held := d.rules.Add(inject.Rule{Kinds: inject.Kinds(backend.OpStat)}.Hold())
		done := make(chan error, 1)
		go func() {
			_, err := RepairFile(soon(t), d.FS, path, RepairFileOptions{})
			done <- err
		}()
		<-held.Reached()
		good := fileOf(t, 3, "another")
		require.NoError(t, os.Rename(d.put("new", good), path))
		held.Release()
		require.NoError(t, <-done)
		require.Equal(t, []string{"m.1"}, d.names())
		require.Equal(t, string(good), d.content(path))

		// And when the name goes to another file later, that one is not lost.
		d.put("m.1", damagedFile(t))
		held = d.rules.Add(inject.Rule{Kinds: inject.Kinds(backend.OpLink)}.Hold())
		go func() {
			_, err := RepairFile(soon(t), d.FS, path, RepairFileOptions{})
			done <- err
		}()
		<-held.Reached()
		require.NoError(t, os.Rename(d.put("new", good), path))
		held.Release()
		require.ErrorIs(t, <-done, ErrReplaced)
		require.Equal(t, string(good), d.content(path))
		require.Empty(t, d.temporary())
	}, queued...)
}

// oldOrNew checks what must be true whenever a repair has ended or died: the
// name has one of two whole files, and the bytes of the old one are there.
func oldOrNew(d *disk, path string, damaged []byte) error {
	names, err := filepath.Glob(path + "*")
	if err != nil {
		return err
	}
	kept := false
	for _, name := range names {
		kept = kept || d.content(name) == string(damaged)
	}
	data := d.content(path)
	bodies, err := repairedBodies(data)
	switch {
	case !kept:
		return fmt.Errorf("the old file is lost: %v", names)
	case data != string(damaged) && (err != nil || len(bodies) != 3):
		return fmt.Errorf("neither the old file nor the new one: %q", data)
	}
	return nil
}

// TestRepairFileFailures injects an error at every operation, which has happened
// or not, alone or with everything after it as in a crash of the process. The
// next repair finishes the work, with one broken file.
func TestRepairFileFailures(t *testing.T) {
	damaged := damagedFile(t)
	kinds := inject.Kinds(backend.OpOpen, backend.OpRead, backend.OpWrite, backend.OpWritev, backend.OpSync,
		backend.OpDatasync, backend.OpStat, backend.OpRename, backend.OpLink)
	rule := inject.Rule{Kinds: kinds}
	every := inject.Rule{Times: inject.Always}
	for name, c := range map[string]struct {
		rule  inject.Rule
		crash bool
	}{
		"fails":                    {rule.Fail(syscall.EIO), false},
		"disk full":                {rule.FailPartial(1, syscall.ENOSPC), false},
		"has happened, and fails":  {rule.FailAfter(syscall.EIO), false},
		"nothing works from there": {every.Fail(syscall.EIO), true},
	} {
		t.Run(name, func(t *testing.T) {
			failed := 0
			require.NoError(t, inject.Sweep(80, func() backend.Backend { return backend.NewSync(0) }, c.rule, func(b *inject.Backend, hit *inject.Fault) error {
				dir := t.TempDir()
				d := &disk{t: t, dir: dir, rules: b}
				d.FS = syncedFS(t, b)
				defer d.Close()
				path := d.put("m.1", damaged)
				report, err := RepairFile(soon(t), d.FS, path, RepairFileOptions{})
				if wrong := oldOrNew(d, path, damaged); wrong != nil {
					return wrong
				}
				switch replaced := d.content(path) != string(damaged); {
				case err == nil && !replaced:
					return errors.New("a success that has changed nothing")
				case err == nil:
				case hit.Hits() == 0 || !errors.Is(err, syscall.EIO) && !errors.Is(err, syscall.ENOSPC):
					return err
				case report != nil && !replaced:
					return errors.New("a report of what has not happened")
				case !c.crash && len(d.temporary()) > 0:
					return fmt.Errorf("left behind: %v", d.temporary())
				}
				if err != nil {
					failed++
				}
				d.Close()
				return finishRepair(t, dir, path, damaged)
			}))
			require.Greater(t, failed, 8, "the error came out")
		})
	}
}

func syncedFS(t *testing.T, b backend.Backend) *fsapi.FS {
	fsys, err := fsapi.New(fsapi.Options{Engine: b})
	require.NoError(t, err)
	return fsys
}

// finishRepair repairs again, on a machine that works.
func finishRepair(t *testing.T, dir, path string, damaged []byte) error {
	d := &disk{t: t, dir: dir, FS: syncedFS(t, backend.NewSync(0))}
	defer d.Close()
	if _, err := RepairFile(soon(t), d.FS, path, RepairFileOptions{}); err != nil {
		return fmt.Errorf("the next repair: %w", err)
	}
	if d.content(path) == string(damaged) {
		return errors.New("the next repair did nothing")
	}
	if names := fmt.Sprint(d.names()); names != "[m.1 m.1.broken]" {
		return fmt.Errorf("files after the next repair: %s", names)
	}
	return oldOrNew(d, path, damaged)
}

// nameChange is a change of a directory that is not durable yet.
type nameChange struct{ from, to string } // from "": a new file

// TestRepairFileCrashes goes through the operations of a repair. After each of
// them the power may fail: of the changes of names since the last sync of the
// directory any may be lost. Then the old file has the name, or the new one, all
// of whose bytes are on the device; and the old one has a name that lasts.
func TestRepairFileCrashes(t *testing.T) {
	b := inject.Wrap(backend.NewSync(0))
	d := newDisk(t, b)
	path := d.put("m.1", damagedFile(t))
	require.NoError(t, d.Close())
	b = inject.Wrap(backend.NewSync(0))
	log := b.Record()
	fsys := syncedFS(t, b)
	_, err := RepairFile(soon(t), fsys, path, RepairFileOptions{})
	require.NoError(t, err)
	require.NoError(t, fsys.Close())

	names := map[string]string{path: "old"}
	var pending []nameChange
	complete, last := false, false
	for _, e := range log.Events() {
		switch e.Kind {
		case backend.OpOpen:
			if _, known := names[e.Path]; !known && e.Path != d.dir && !last {
				names[e.Path], last = "new", true
			}
		case backend.OpWrite, backend.OpWritev:
			complete = false
		case backend.OpSync, backend.OpDatasync:
			if e.Path == d.dir {
				names, pending = after(names, pending), nil
			} else {
				complete = true
			}
		case backend.OpRename:
			pending = append(pending, nameChange{e.Path, e.NewPath})
		case backend.OpLink:
			pending = append(pending, nameChange{"", e.NewPath})
		}
		for subset := range 1 << len(pending) {
			var kept []nameChange
			for i, c := range pending {
				if subset>>i&1 == 1 {
					kept = append(kept, c)
				}
			}
			left := after(names, kept)
			require.Contains(t, []string{"old", "new"}, left[path], "after %v", e)
			if left[path] == "new" {
				require.True(t, complete, "after %v: bytes are missing", e)
				require.Equal(t, "old", left[path+".broken"], "after %v: the old file is lost", e)
			}
		}
	}
	require.Equal(t, "new", names[path])
	require.Empty(t, pending, "all is durable at the end")
}

// after applies changes of names; a link is always one of the old file.
func after(names map[string]string, changes []nameChange) map[string]string {
	out := map[string]string{}
	for name, file := range names {
		out[name] = file
	}
	for _, c := range changes {
		if c.from == "" {
			out[c.to] = "old"
		} else if file, there := out[c.from]; there {
			out[c.to] = file
			delete(out, c.from)
		}
	}
	return out
}

// TestRepairFileOfManyDamages: what is left under the name is what Repair makes.
func TestRepairFileOfManyDamages(t *testing.T) {
	rng := seeded(t)
	d := newDisk(t, engines["threadpool"](t))
	for name, data := range samples(t) {
		for range 5 {
			bad := bytes.Clone(data)
			bad[rng.Intn(len(bad))] ^= byte(1 + rng.Intn(255))
			bad = bad[:len(bad)-rng.Intn(3)]
			path := d.put("m.1", bad)
			opts := RepairOptions{NewGUID: func() string { return strings.Repeat("ab", 16) }, Created: time.Unix(created, 0)}
			opts.Random = fixedSeparator(t, sep)
			var want bytes.Buffer
			expected, err := source(bad).Repair(&want, opts)
			require.NoError(t, err)
			opts.Random = fixedSeparator(t, sep)
			report, err := RepairFile(soon(t), d.FS, path, RepairFileOptions{RepairOptions: opts})
			require.NoError(t, err, "%s: %q", name, bad)
			require.Equal(t, expected.Changed && expected.Messages > 0, report.Broken != "")
			if report.Broken != "" {
				require.Equal(t, string(bad), d.content(report.Broken))
				require.NoError(t, os.Remove(report.Broken))
				require.Equal(t, want.String(), d.content(path))
			}
		}
	}
}
