package fault_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// execute runs one operation, or the linked operations, to the end.
func execute(b backend.Backend, ops ...*backend.Op) error {
	done := make([]*backend.Op, len(ops))
	_, n, err := b.Submit(ops, done)
	for err == nil && n < len(ops) {
		var m int
		m, err = b.Reap(done[n:])
		n += m
	}
	for _, op := range ops {
		err = errors.Join(err, op.Err)
	}
	return err
}

func ExampleRule() {
	b := fault.Wrap(backend.NewSync(0))
	defer b.Close()
	b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpStat), Skip: 1}.Fail(syscall.EIO))
	for range 3 {
		fmt.Println(execute(b, &backend.Op{Kind: backend.OpStat, Path: "."}))
	}
	// Output:
	// <nil>
	// stat .: input/output error
	// <nil>
}

func ExampleRule_Hold() {
	b := fault.Wrap(backend.NewSync(0))
	defer b.Close()
	held := b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpStat)}.Hold())
	b.Submit([]*backend.Op{{Kind: backend.OpStat, Path: "."}}, nil)
	<-held.Reached()
	fmt.Println("asked for, and not done")
	held.Release()
	done := make([]*backend.Op, 1)
	b.Reap(done)
	fmt.Println("done:", done[0].Err)
	// Output:
	// asked for, and not done
	// done: <nil>
}

// A fault at every operation of a small piece of work in turn: whatever fails,
// the error comes out.
func ExampleSweep() {
	dir, _ := os.MkdirTemp("", "fault")
	defer os.RemoveAll(dir)
	engine := func() backend.Backend { return backend.NewSync(0) }
	runs := 0
	err := fault.Sweep(100, engine, fault.Rule{}.Fail(syscall.EIO), func(b *fault.Backend, f *fault.Fault) error {
		runs++
		h, path := new(backend.Handle), filepath.Join(dir, fmt.Sprint(runs))
		err := execute(b,
			&backend.Op{Kind: backend.OpOpen, Path: path, Open: backend.OpenCreate, Mode: 0o600, Handle: h, Link: true},
			&backend.Op{Kind: backend.OpWrite, Handle: h, Buf: []byte("mail"), Link: true},
			&backend.Op{Kind: backend.OpSync, Handle: h, Link: true},
			&backend.Op{Kind: backend.OpClose, Handle: h},
		)
		if f.Hits() > 0 && !errors.Is(err, syscall.EIO) {
			return fmt.Errorf("the fault's error is lost: %w", err)
		}
		if f.Hits() == 0 {
			return err
		}
		return nil
	})
	fmt.Println(runs, "runs:", err)
	// Output: 5 runs: <nil>
}

func ExampleRecorder() {
	b := fault.Wrap(backend.NewSync(0))
	defer b.Close()
	log := b.Record()
	execute(b, &backend.Op{Kind: backend.OpStat, Path: "."})
	execute(b, &backend.Op{Kind: backend.OpReadDir, Path: "."})
	stat, list := log.Events(backend.OpStat)[0], log.Events(backend.OpReadDir)[0]
	fmt.Println(stat.Before(list), list.Before(stat))
	// Output: true false
}
