package driver

import (
	"context"
	"fmt"
	"time"

	"github.com/ringbox/ringbox/bench/engine"
	"github.com/ringbox/ringbox/bench/job"
	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/fsapi"
)

// Run is one clone on one engine.
type Run struct {
	*Clone
	Engine   string
	FS       *fsapi.FS // for the engines of the FS API
	Recorder *measure.Recorder

	Descriptors *engine.Descriptors // for the engine pread
	Part        Part

	seed      uint64
	engine    engine.Engine
	pattern   *pattern
	pace      pace
	depth     int
	free      []*engine.Request
	done      []*engine.Request
	batch     []*engine.Request
	inFlight  int
	loops     int
	held      *block // drawn, and not due yet
	exhausted bool
	appended  []int64 // by file, for append-only engines
	unsynced  []int   // writes since the last sync, by file
	written   []block // for verification
	issued    int64   // bytes
}

// Do runs the clone to its end.
func (r *Run) Do(ctx context.Context) error {
	if err := r.prepare(); err != nil {
		return err
	}
	err := r.loop(ctx)
	if err == nil && r.Spec.EndFsync && r.Spec.RW.Write {
		err = r.syncAll()
	}
	if cerr := r.engine.Close(); err == nil {
		err = cerr
	}
	return err
}

func (r *Run) prepare() (err error) {
	r.depth = r.Spec.Depth
	if engine.Synchronous(r.Engine) {
		r.depth = 1
	}
	r.seed = r.Spec.Seed + uint64(r.Index)<<32
	if !r.Spec.Repeatable {
		r.seed ^= uint64(time.Now().UnixNano())
	}
	largest := max(r.Spec.BS.Max, r.Spec.WriteBS.Max)
	memory := make([]byte, int64(r.depth)*int64(largest))
	noise(memory, r.seed)
	config := engine.Config{Files: r.Paths, Limits: r.Sizes, Read: r.Spec.RW.Read, Write: r.Spec.RW.Write,
		Depth: r.depth + len(r.Paths), FS: r.FS, Hint: r.hint(), Memory: memory, Descriptors: r.Descriptors}
	if r.mixes() {
		config.Files = append(append([]string{}, r.Paths...), appendPaths(r.Paths)...)
		config.Limits = append(make([]int64, len(r.Paths)), r.Sizes...)
	}
	if r.engine, err = engine.Open(r.Engine, config); err != nil {
		return err
	}
	r.pattern = newPattern(r.Spec, r.Sizes, r.seed, r.Part)
	r.pace = pace{spec: r.Spec}
	r.appended, r.unsynced = make([]int64, len(config.Files)), make([]int, len(config.Files))
	r.done = make([]*engine.Request, config.Depth)
	r.loops = r.Spec.Loops
	for i := range r.depth {
		r.free = append(r.free, &engine.Request{Buf: memory[i*int(largest):][:largest:largest]})
	}
	return nil
}

func (r *Run) hint() engine.Hint {
	switch {
	case !r.Spec.Hints:
		return engine.NoHint
	case r.Spec.RW.Random:
		return engine.Random
	}
	return engine.Sequential
}

// mixes: the engine appends, and must not append to what it reads.
func (r *Run) mixes() bool {
	return engine.AppendOnly(r.Engine) && r.Spec.RW.Read && r.Spec.RW.Write
}

func appendPaths(paths []string) (out []string) {
	for _, p := range paths {
		out = append(out, AppendPath(p))
	}
	return out
}

func (r *Run) loop(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		wait := r.gather()
		finished := 0
		if len(r.batch) > 0 {
			n, err := r.submit()
			if err != nil {
				return err
			}
			finished = n
		}
		switch {
		case r.inFlight == 0 && r.exhausted:
			return nil
		case r.inFlight > 0 && finished == 0 && (len(r.free) == 0 || r.exhausted || wait > 0):
			if err := r.await(); err != nil {
				return err
			}
		case r.inFlight == 0 && wait > 0:
			time.Sleep(min(wait, 50*time.Millisecond))
		}
	}
}

// gather fills the batch and returns how long the next request has to wait for
// its rate.
func (r *Run) gather() time.Duration {
	now := r.Recorder.Now()
	if r.Spec.Runtime > 0 && now >= r.Spec.Runtime+r.Spec.RampTime {
		r.exhausted = true
	}
	for !r.exhausted && len(r.free) > 0 && len(r.batch) < r.Spec.Batch {
		b, ok := r.draw()
		if !ok {
			r.exhausted = true
			break
		}
		if due := r.pace.due(int(b.dir)); due > now {
			r.held = &b
			return due - now
		}
		r.pace.took(int(b.dir), b.len)
		r.add(b)
	}
	return 0
}

// draw returns the next block, beginning another pass if there is one.
func (r *Run) draw() (block, bool) {
	if b := r.held; b != nil {
		r.held = nil
		return *b, true
	}
	b, ok := r.pattern.next()
	for !ok {
		if r.loops--; r.loops <= 0 && !r.Spec.TimeBased {
			return b, false
		}
		r.pattern.begin()
		b, ok = r.pattern.next()
	}
	return b, true
}

func (r *Run) add(b block) {
	req := r.free[len(r.free)-1]
	r.free = r.free[:len(r.free)-1]
	if b.dir == measure.Write && engine.AppendOnly(r.Engine) {
		b = r.toTheEnd(b)
	}
	*req = engine.Request{Dir: b.dir, File: b.file, Off: b.off, Buf: req.Buf[:b.len]}
	if b.dir == measure.Write {
		r.issued += int64(b.len)
		if r.Spec.Verify {
			seal(req.Buf, r.seed, b.off)
			r.written = append(r.written, b)
		}
	}
	r.batch = append(r.batch, req)
}

// toTheEnd moves a write to where an append-only engine will put it.
func (r *Run) toTheEnd(b block) block {
	if r.mixes() {
		b.file += len(r.Paths)
	}
	b.off = r.appended[b.file]
	r.appended[b.file] += int64(b.len)
	return b
}

func (r *Run) submit() (int, error) {
	r.inFlight += len(r.batch)
	r.Recorder.Submitted(len(r.batch), r.inFlight)
	begun := r.Recorder.Now()
	for _, req := range r.batch {
		req.Begun, req.Issued = begun, begun
	}
	n, err := r.engine.Queue(r.batch, r.done)
	now := r.Recorder.Now()
	for _, req := range r.batch {
		req.Issued = now // what has finished in the call had no submission of its own
	}
	for _, req := range r.done[:n] {
		req.Issued = min(req.Issued, max(req.Begun, begun))
	}
	r.batch = r.batch[:0]
	if err != nil {
		return n, err
	}
	return n, r.collect(n, now)
}

func (r *Run) await() error {
	n, err := r.engine.Wait(r.done)
	if err != nil {
		return err
	}
	return r.collect(n, r.Recorder.Now())
}

// collect counts what has finished.
func (r *Run) collect(n int, now time.Duration) error {
	r.inFlight -= n
	if n > 0 {
		r.Recorder.Completed(n)
	}
	var due []int
	for _, req := range r.done[:n] {
		if err := r.check(req); err != nil {
			return err
		}
		r.Recorder.Record(req.Dir, req.N, req.Begun, req.Issued, now)
		req.Over = true
		if req.Dir == measure.Sync {
			continue
		}
		if req.Dir == measure.Write {
			r.unsynced[req.File]++
			if every := max(r.Spec.Fsync, r.Spec.Fdatasync); every > 0 && r.unsynced[req.File] >= every {
				r.unsynced[req.File] = 0
				due = append(due, req.File)
			}
		}
		req.Buf = req.Buf[:cap(req.Buf)]
		r.free = append(r.free, req)
	}
	for _, file := range due {
		if err := r.sync(file, r.Spec.Fdatasync > 0); err != nil {
			return err
		}
	}
	return nil
}

func (r *Run) check(req *engine.Request) error {
	if req.Err != nil {
		return fmt.Errorf("%s: offset %d, %d bytes: %w", req.Dir, req.Off, len(req.Buf), req.Err)
	}
	whole := int64(len(req.Buf)) == r.Spec.BS.Min
	if req.Dir == measure.Read && r.Spec.Verify && whole {
		return unseal(req.Buf, r.Paths[req.File], r.Spec.Seed, req.Off)
	}
	return nil
}

// Options returns what was said about the job.
func (r *Run) Options() map[string]string { return optionsWith(r.Spec, r.Engine) }

func optionsWith(spec *job.Spec, name string) map[string]string {
	m := spec.Options()
	m["ioengine"] = name
	return m
}
