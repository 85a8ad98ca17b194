package mailindex

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/ringbox/ringbox/fsapi"
)

// Upkeep rotates the log and writes the main index if that is due by Limits.
func (l *Locked) Upkeep(ctx context.Context) error {
	if err := l.usable(); err != nil {
		return err
	}
	x := l.x
	head, tail := x.places()
	info, err := l.w.file.Stat(ctx)
	if err != nil {
		return err
	}
	age := x.opts.Now().Sub(x.created())
	if head == tail && x.opts.Limits.rotate(info.Size(), age) {
		return l.Rotate(ctx)
	}
	if !x.opts.Limits.rewrite(x.ahead()) {
		return nil
	}
	if _, err := x.mainPlace(ctx); err != nil { // somebody may have written it
		return err
	}
	if !x.opts.Limits.rewrite(x.ahead()) {
		return nil
	}
	return l.Rewrite(ctx)
}

// Rewrite writes the main index, durably, and keeps the old one as the backup.
func (l *Locked) Rewrite(ctx context.Context) error {
	if err := l.usable(); err != nil {
		return err
	}
	x := l.x
	v, err := x.View(ctx)
	if err != nil {
		return err
	}
	perm, err := x.perm(ctx)
	if err != nil {
		return err
	}
	if err := x.keepMain(ctx); err != nil {
		return err
	}
	rotated, err := x.dropLog2(ctx, v.st.head.LogRotated)
	if err != nil {
		return err
	}
	file := x.files.fs.Create(x.files.path, fsapi.ReplaceIfExists, perm)
	if err := v.st.write(ctx, fsapi.NewWriter(ctx, file), rotated); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := fsapi.NewWriter(context.WithoutCancel(ctx), file).Commit(); err != nil {
		return errors.Join(err, file.Close())
	}
	return errors.Join(file.Close(), x.rebase(ctx, v))
}

// created returns when the log was begun.
func (x *Index) created() time.Time {
	<-x.busy
	defer x.leave()
	return time.Unix(int64(x.log.header.Created), 0)
}

// keepMain makes the main index that there is the backup as well.
func (x *Index) keepMain(ctx context.Context) error {
	fsys, temp := x.files.fs, x.files.backup+".tmp"
	if p, err := x.mainPlace(ctx); err != nil || p.seq == 0 {
		return err // what is no index is no backup
	}
	if err := fsys.Remove(ctx, temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := fsys.Link(ctx, x.files.path, temp)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = fsys.Rename(ctx, temp, x.files.backup)
	}
	return err
}

// dropLog2 removes a second log that has become old, and returns since when
// there is one.
func (x *Index) dropLog2(ctx context.Context, known uint32) (uint32, error) {
	there, id, err := x.files.look(ctx, x.files.log2)
	if err != nil || !there {
		return NoLog2, err
	}
	since := id.ModTime
	if x.opts.Now().Sub(since) < x.opts.Limits.Log2MaxAge || !x.needless() {
		if known == NoLog2 || known == 0 {
			known = uint32(since.Unix())
		}
		return known, nil
	}
	err = x.files.fs.Remove(ctx, x.files.log2)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return NoLog2, err
}

// needless reports whether the main index does not need the second log.
func (x *Index) needless() bool {
	<-x.busy
	defer x.leave()
	return x.main.seq == x.st.seq
}

// rebase goes on with the main index that was written from v, which is read page
// by page.
func (x *Index) rebase(ctx context.Context, v *View) error {
	if err := x.enter(ctx); err != nil {
		return err
	}
	defer x.leave()
	st, _, err := readMain(ctx, x.files.fs, x.files.path)
	if err != nil {
		return err
	}
	if st.seq != x.st.seq || st.offset != x.st.offset || v.st.offset != x.st.offset {
		st.close()
		return nil
	}
	st.requests, st.undone, st.modSeq, st.deleted = x.st.requests, x.st.undone, x.st.modSeq, x.st.deleted
	x.st.close()
	x.st, x.view, x.main = st, nil, place{st.seq, st.offset}
	return nil
}

// mainPlace finds out what the main index on disk is up to.
func (x *Index) mainPlace(ctx context.Context) (place, error) {
	file := x.files.fs.Open(x.files.path, fsapi.ReadOnly)
	b, err := readSome(ctx, file, 0, BaseHeaderSize)
	_ = file.Close() // it was only read
	var p place
	if err == nil {
		if h, bad := DecodeHeader(b); bad == nil {
			p = place{h.LogSeq, int64(h.LogHead)}
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return p, err
	}
	<-x.busy
	defer x.leave()
	x.main = p
	return p, nil
}

// ahead returns how many bytes of log are not in the main index, and how large
// that is.
func (x *Index) ahead() (bytes, size int64) {
	<-x.busy
	defer x.leave()
	size = int64(x.st.records.count()) * int64(x.st.records.stride)
	if x.main.seq == x.st.seq {
		return x.st.offset - x.main.offset, size
	}
	return x.st.offset, size
}
