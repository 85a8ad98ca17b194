package driver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/ringbox/ringbox/bench/job"
)

// Files are the files of a run. What the run has made is removed by Remove; what
// was there before is never written to.
type Files struct {
	made map[string]bool
	keep map[string]bool // unlink=0
}

// Clone is one clone of a job with its files.
type Clone struct {
	Spec  *job.Spec
	Index int
	Paths []string
	Sizes []int64
}

// Clones names the files of a job.
func Clones(spec *job.Spec) []*Clone {
	var clones []*Clone
	for c := range spec.NumJobs {
		clone := &Clone{Spec: spec, Index: c}
		sizes := rand.New(rand.NewPCG(spec.Seed, 2)) // the same files whoever shares them
		for f := range spec.NrFiles {
			name := fmt.Sprintf("%s.%d.%d", spec.Name, c, f)
			if len(spec.Filename) > 0 {
				name = spec.Filename[f]
			}
			if !filepath.IsAbs(name) {
				name = filepath.Join(spec.Directory, name)
			}
			size := spec.Size / int64(spec.NrFiles)
			if r := spec.FileSize; r.Max > 0 {
				size = r.Min + sizes.Int64N(r.Max-r.Min+1)
			}
			clone.Paths = append(clone.Paths, name)
			clone.Sizes = append(clone.Sizes, size)
		}
		clones = append(clones, clone)
	}
	return clones
}

// AppendPath is where an append-only engine writes in a mix: the file that is
// read must stay as it is.
func AppendPath(path string) string { return path + ".append" }

// Prepare makes the files that are read, and takes those that are written as the
// run's own.
func (f *Files) Prepare(ctx context.Context, clones []*Clone) error {
	for _, c := range clones {
		if err := directory(c); err != nil {
			return err
		}
		for i, path := range c.Paths {
			err := ctx.Err()
			if err == nil && c.Spec.RW.Read {
				err = f.layOut(ctx, c, path, c.Sizes[i])
			}
			if err == nil && c.Spec.RW.Write {
				err = f.claim(c, path)
			}
			if err == nil && c.Spec.RW.Write && c.Spec.RW.Read {
				err = f.claim(c, AppendPath(path))
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func directory(c *Clone) error {
	if c.Spec.Directory == "" {
		return nil
	}
	info, err := os.Stat(c.Spec.Directory)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s: is not a directory", c.Spec.Directory)
	}
	if err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	return nil
}

// claim makes path a file that the run may write and remove.
func (f *Files) claim(c *Clone, path string) error {
	if f.made[path] {
		return nil
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = fmt.Errorf("%s: is there already: only files that the run has made are written to; remove it or choose another filename", path)
		}
		return err
	}
	f.own(c, path)
	return nil
}

func (f *Files) own(c *Clone, path string) {
	if f.made == nil {
		f.made, f.keep = map[string]bool{}, map[string]bool{}
	}
	f.made[path], f.keep[path] = true, !c.Spec.Unlink
}

// layOut makes a file to read, unless a regular one of that size is there.
func (f *Files) layOut(ctx context.Context, c *Clone, path string, size int64) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("%s: is not a regular file", path)
	case err == nil && info.Size() < size:
		return fmt.Errorf("%s: has %d bytes, and size asks for %d; files that the run has not made are not made longer", path, info.Size(), size)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	f.own(c, path)
	return errors.Join(fill(ctx, out, c.Spec, size), out.Close())
}

// fill writes blocks that can be verified.
func fill(ctx context.Context, out *os.File, spec *job.Spec, size int64) error {
	w := bufio.NewWriterSize(out, 1<<20)
	buf := make([]byte, spec.BS.Max)
	for off := int64(0); off < size; off += int64(len(buf)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if size-off < int64(len(buf)) {
			buf = buf[:size-off]
		}
		if spec.Verify && len(buf) >= headerSize {
			seal(buf, spec.Seed, off)
		} else {
			noise(buf, spec.Seed^uint64(off))
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	return w.Flush()
}

// Reset removes what a turn has written, so that the next one begins as it did.
func (f *Files) Reset(clones []*Clone) (err error) {
	for _, c := range clones {
		for _, path := range c.Paths {
			if c.Spec.RW.Write && !c.Spec.RW.Read {
				err = errors.Join(err, f.remove(path))
			}
			if c.Spec.RW.Write && c.Spec.RW.Read {
				err = errors.Join(err, f.remove(AppendPath(path)))
			}
		}
	}
	return err
}

func (f *Files) remove(path string) error {
	if !f.made[path] {
		return nil
	}
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Remove removes every file that the run has made, those of unlink=0 excepted.
func (f *Files) Remove() (err error) {
	for path := range f.made {
		if !f.keep[path] {
			err = errors.Join(err, f.remove(path))
		}
	}
	return err
}
