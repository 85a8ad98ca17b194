package dboxfmt

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/ringbox/ringbox/fsapi"
)

// What [RepairFile] refuses to do.
var (
	// ErrReplaced: while the file was looked at, its name went to another one.
	ErrReplaced = errors.New("dboxfmt: the file has been replaced meanwhile")
	// ErrOwner: the repaired file would belong to another user, who is that of
	// this process. Repair as the owner of the mail.
	ErrOwner = errors.New("dboxfmt: the repaired file would have another owner")
)

// RepairFileOptions are the choices of [RepairFile].
type RepairFileOptions struct {
	RepairOptions
	DryRun bool // change nothing, only report
	// RemoveEmpty takes the name away from a file in which there is no message
	// at all; it stays under the name for broken files. Without it such a file
	// is left alone, and so it is reported.
	RemoveEmpty bool
	// ChangeOwner lets the repaired file belong to another user.
	ChangeOwner bool
}

// RepairFile repairs a file where it is, if it is damaged. The old file is never
// changed: it stays beside the new one, under its name and ".broken", or
// ".broken.1" and so on where there is one already; the report says where.
//
//	lock     as writers do; fsapi.ErrLocked if somebody has the file
//	scan     an undamaged file is left alone
//	write    the repaired file, under a temporary name, with the permissions of
//	         the old one; sync it, and read it back
//	link     the old file gets its second name; sync the directory
//	rename   the new file takes the name; sync the directory
//
// Whenever it fails, or the machine does, one of the two files has the name and
// is whole, and the bytes of the old one are there. An error after the rename
// comes with the report: the new file has the name, but may lose it to the old
// one in a crash. What a crash can leave behind is a file .temp.repair.… and a
// second name of a file that was not replaced; the next repair uses that one. All
// that is about crashes asks for an fsys with fsapi.SyncAlways.
func RepairFile(ctx context.Context, fsys *fsapi.FS, path string, opts RepairFileOptions) (*RepairReport, error) {
	r := &fileRepair{ctx: ctx, fsys: fsys, path: path, opts: opts}
	defer r.unlock()
	if err := r.lock(); err != nil {
		return nil, err
	}
	report, err := r.src.Repair(io.Discard, opts.RepairOptions)
	switch {
	case err != nil:
		return nil, err
	case !report.Changed || opts.DryRun:
		return report, nil
	case report.Messages > 0:
		return r.replace()
	case opts.RemoveEmpty:
		return r.remove(report)
	}
	return report, nil
}

type fileRepair struct {
	ctx  context.Context
	fsys *fsapi.FS
	path string
	opts RepairFileOptions
	file *fsapi.File // locked
	info fsapi.Info
	src  Source
}

// maxReplaced is how often a file may be replaced while we wait for its lock.
const maxReplaced = 3

// lock opens and locks the file that has the name.
func (r *fileRepair) lock() error {
	for range maxReplaced {
		r.unlock()
		r.file = r.fsys.Open(r.path, fsapi.ReadOnly)
		if err := await(r.ctx, r.file, r.file.TryLock); err != nil {
			return err
		}
		info, err := r.file.Stat(r.ctx)
		if err != nil {
			return err
		}
		r.info = info.Sys().(fsapi.Info)
		same, err := r.isOld(r.path)
		if err != nil {
			return err
		}
		if same {
			r.src = Source{Name: r.path, R: fsapi.NewReader(r.ctx, r.file), Size: r.info.Size}
			return nil
		}
	}
	return fmt.Errorf("%w: %s", ErrReplaced, r.path)
}

func (r *fileRepair) unlock() {
	if r.file != nil {
		r.file.Close()
	}
}

// isOld reports whether a name is one of the damaged file. Where files cannot be
// told apart, it is taken to be.
func (r *fileRepair) isOld(name string) (bool, error) {
	info, err := r.fsys.Stat(r.ctx, name)
	if err != nil {
		return false, err
	}
	there := info.Sys().(fsapi.Info)
	return there.SameFile(r.info) || there.Inode == 0 && r.info.Inode == 0, nil
}

// replace puts the repaired file in the place of the damaged one.
func (r *fileRepair) replace() (report *RepairReport, err error) {
	temporary := filepath.Join(filepath.Dir(r.path), ".temp.repair."+rand.Text())
	report, err = r.write(temporary)
	if err == nil {
		report.Broken, err = r.keep()
	}
	if err == nil {
		err = r.fsys.Rename(r.ctx, temporary, r.path)
	}
	if err != nil {
		// It may not be there: the error that matters is the first.
		_ = r.fsys.Remove(context.WithoutCancel(r.ctx), temporary)
		return nil, err
	}
	return report, r.syncDir()
}

// permissions are those of the damaged file.
func (r *fileRepair) permissions() fsapi.Perm {
	perm := fsapi.Perm{Mode: r.info.Mode & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky)}
	if r.info.Inode != 0 { // elsewhere there are no groups either
		gid := int(r.info.GID)
		perm.Group = &gid
	}
	return perm
}

// write writes the repaired file.
func (r *fileRepair) write(path string) (*RepairReport, error) {
	f := r.fsys.Create(path, fsapi.FailIfExists, r.permissions())
	defer f.Close()
	out := fsapi.NewWriter(r.ctx, f)
	report, err := r.src.Repair(out, r.opts.RepairOptions)
	if err != nil {
		return nil, err
	}
	if err := out.Commit(); err != nil {
		return nil, err
	}
	return report, r.check(f, report)
}

// check reads what was written, as every reader will.
func (r *fileRepair) check(f *fsapi.File, report *RepairReport) error {
	info, err := f.Stat(r.ctx)
	if err != nil {
		return err
	}
	if info.Sys().(fsapi.Info).UID != r.info.UID && !r.opts.ChangeOwner {
		return fmt.Errorf("%w: %s belongs to uid %d", ErrOwner, r.path, r.info.UID)
	}
	d := NewDecoder(fsapi.NewReader(r.ctx, f), DecoderOptions{Name: f.Path(), Verify: true})
	for n := 0; ; n++ {
		switch _, err := d.Next(); {
		case err == io.EOF && n == report.Messages:
			return nil
		case err == io.EOF:
			return fmt.Errorf("%w: %s: %d messages were repaired, %d are there", ErrCorrupt, f.Path(), report.Messages, n)
		case err != nil:
			return err
		}
	}
}

// remove takes the name away from a file without a message.
func (r *fileRepair) remove(report *RepairReport) (*RepairReport, error) {
	broken, err := r.keep()
	if err != nil {
		return nil, err
	}
	if err := r.fsys.Remove(r.ctx, r.path); err != nil {
		return nil, err
	}
	report.Broken = broken
	return report, r.syncDir()
}

// maxBroken is how many broken files of one name there can be.
const maxBroken = 1000

// keep gives the damaged file its second name, and returns it.
func (r *fileRepair) keep() (string, error) {
	for i := range maxBroken {
		name := r.path + ".broken"
		if i > 0 {
			name = fmt.Sprintf("%s.%d", name, i)
		}
		linked := r.fsys.Link(r.ctx, r.path, name)
		if linked != nil && !errors.Is(linked, fs.ErrExist) {
			return "", linked
		}
		switch old, err := r.isOld(name); {
		case err != nil:
			return "", err
		case old: // also when a repair before this one was interrupted
			return name, r.syncDir()
		case linked == nil:
			return "", fmt.Errorf("%w: %s", ErrReplaced, r.path)
		}
	}
	return "", fmt.Errorf("%w: %s.broken and %d more", fs.ErrExist, r.path, maxBroken-1)
}

func (r *fileRepair) syncDir() error { return r.fsys.SyncDir(r.ctx, filepath.Dir(r.path)) }
