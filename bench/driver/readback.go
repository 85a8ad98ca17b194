package driver

import (
	"context"

	"github.com/ringbox/ringbox/bench/engine"
	"github.com/ringbox/ringbox/bench/measure"
)

// ToVerify returns how many blocks Verify will read back.
func (r *Run) ToVerify() int {
	if !r.Spec.DoVerify {
		return 0
	}
	return len(r.written)
}

// Verify reads back every block that Do has written, if the job asks for that,
// and checks it. It is not part of what is measured.
func (r *Run) Verify(ctx context.Context) error {
	if r.ToVerify() == 0 {
		return nil
	}
	e, err := engine.Open(r.Engine, engine.Config{Files: r.Paths, Read: true, Depth: 1, FS: r.FS})
	if err != nil {
		return err
	}
	defer e.Close()
	done := make([]*engine.Request, 1)
	buf := make([]byte, r.Spec.WriteBS.Max)
	for _, b := range r.written {
		if err := ctx.Err(); err != nil {
			return err
		}
		req := &engine.Request{Dir: measure.Read, File: b.file, Off: b.off, Buf: buf[:b.len]}
		n, err := e.Queue([]*engine.Request{req}, done)
		if err == nil && n == 0 {
			_, err = e.Wait(done)
		}
		if err == nil {
			err = req.Err
		}
		if err == nil {
			err = unseal(req.Buf, r.Paths[b.file], r.seed, b.off)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
