package backendtest

import (
	"io/fs"

	"github.com/ringbox/ringbox/fsapi/backend"
)

func (s *script) open(l *lane) []*backend.Op {
	h, _ := s.handle(l)
	flags := [...]backend.OpenFlag{0, backend.OpenWrite, backend.OpenCreate, backend.OpenCreate, backend.OpenCreate,
		backend.OpenCreate | backend.OpenExclusive, backend.OpenWrite | backend.OpenTruncate, backend.OpenDirectory}
	op := &backend.Op{Kind: backend.OpOpen, Path: s.name(l), Handle: h, Open: flags[s.rng.IntN(len(flags))],
		Mode: fs.FileMode(0o600 | s.rng.IntN(0o100)), Exact: s.rng.IntN(2) == 0}
	if s.rng.IntN(10) == 0 {
		op.Path, op.Open = s.directory(l), backend.OpenUnnamed
	}
	return []*backend.Op{op}
}

func (s *script) shut(l *lane) []*backend.Op {
	h, name := s.handle(l)
	return []*backend.Op{{Kind: backend.OpClose, Path: name, Handle: h}}
}

// reads are some reads of one file at once.
func (s *script) reads(l *lane) (ops []*backend.Op) {
	h, name := s.handle(l)
	for range 1 + s.rng.IntN(4) {
		ops = append(ops, s.transfer(backend.OpRead, backend.OpReadv, make([]byte, s.size()), h, name))
	}
	return ops
}

// writes are some writes to one file at once, at places that do not overlap.
func (s *script) writes(l *lane) (ops []*backend.Op) {
	h, name := s.handle(l)
	off := s.offset()
	for range 1 + s.rng.IntN(3) {
		op := s.transfer(backend.OpWrite, backend.OpWritev, s.data(), h, name)
		op.Off = off
		off += int64(op.Size() + s.rng.IntN(5000))
		ops = append(ops, op)
	}
	return ops
}

func (s *script) transfer(plain, vectored backend.Kind, p []byte, h *backend.Handle, name string) *backend.Op {
	op := &backend.Op{Kind: plain, Path: name, Handle: h, Off: s.offset(), Buf: p}
	if s.rng.IntN(2) == 0 {
		op.Kind, op.Buf, op.Bufs = vectored, nil, cut(p, 1+s.rng.IntN(5000))
	}
	return op
}

func (s *script) onHandle(l *lane) []*backend.Op {
	h, name := s.handle(l)
	kinds := [...]backend.Kind{backend.OpStat, backend.OpStat, backend.OpTruncate, backend.OpTruncate, backend.OpAllocate,
		backend.OpSyncRange, backend.OpDatasync, backend.OpSync}
	op := &backend.Op{Kind: kinds[s.rng.IntN(len(kinds))], Path: name, Handle: h, Off: s.offset()}
	if op.Kind == backend.OpAllocate || op.Kind == backend.OpSyncRange {
		op.Len = 1 + s.offset()
	}
	if s.rng.IntN(20) == 0 {
		op.Kind, op.NewPath = backend.OpLink, s.name(l)
		op.Path = s.name(l) // what is linked if the handle is not open
	}
	return []*backend.Op{op}
}

func (s *script) onName(l *lane) []*backend.Op {
	kinds := [...]backend.Kind{backend.OpStat, backend.OpUnlink, backend.OpMkdir, backend.OpReadDir}
	op := &backend.Op{Kind: kinds[s.rng.IntN(len(kinds))], Path: s.name(l), Mode: 0o755}
	op.Directory = op.Kind == backend.OpUnlink && s.rng.IntN(3) == 0
	if op.Kind == backend.OpReadDir || op.Kind == backend.OpMkdir || op.Directory {
		op.Path = s.directory(l)
	}
	return []*backend.Op{op}
}

func (s *script) twoNames(l *lane) []*backend.Op {
	flags := [...]backend.RenameFlag{0, 0, backend.RenameNoReplace, backend.RenameExchange}
	op := &backend.Op{Kind: backend.OpRename, Path: s.name(l), NewPath: s.name(l), Rename: flags[s.rng.IntN(len(flags))]}
	if s.rng.IntN(3) == 0 {
		op.Kind, op.Rename = backend.OpLink, 0
	}
	return []*backend.Op{op}
}

// fetch reads whole files, each in a chain.
func (s *script) fetch(l *lane) (ops []*backend.Op) {
	for range 1 + s.rng.IntN(3) {
		ops = append(ops, openReadClose(s.name(l), s.size())...)
	}
	return ops
}

func (s *script) appendAndSync(l *lane) []*backend.Op {
	h, name := s.handle(l)
	return linked(
		s.transfer(backend.OpWrite, backend.OpWritev, s.data(), h, name),
		&backend.Op{Kind: backend.OpSyncRange, Path: name, Handle: h, Len: 4096},
		&backend.Op{Kind: backend.OpDatasync, Path: name, Handle: h},
		&backend.Op{Kind: backend.OpStat, Path: name, Handle: h},
	)
}

func (s *script) deliver(l *lane) []*backend.Op { return s.moveInto(l, l) }

// moveInto makes a file in one lane and renames it into another. Nothing else
// knows the file, so that it is in one lane only.
func (s *script) moveInto(from, to *lane) []*backend.Op {
	h, temp := new(backend.Handle), s.unique(from)
	return linked(
		&backend.Op{Kind: backend.OpOpen, Path: temp, Open: backend.OpenCreate | backend.OpenExclusive, Mode: 0o640, Exact: true, Handle: h},
		s.transfer(backend.OpWrite, backend.OpWritev, s.data(), h, temp),
		&backend.Op{Kind: backend.OpClose, Path: temp, Handle: h},
		&backend.Op{Kind: backend.OpRename, Path: temp, NewPath: s.name(to), Rename: backend.RenameFlag(s.rng.IntN(2))},
		&backend.Op{Kind: backend.OpStat, Path: temp},
	)
}

// mixed is a chain of anything, likely to fail in the middle.
func (s *script) mixed(l *lane) []*backend.Op {
	var ops []*backend.Op
	for i := 0; len(ops) < 2+s.rng.IntN(5) && i < 20; i++ {
		recipe := [...]func(*lane) []*backend.Op{s.open, s.onHandle, s.onName, s.twoNames, s.shut, s.reads, s.writes}[s.rng.IntN(7)]
		ops = append(ops, recipe(l)...)
	}
	if len(ops) > backend.MaxChain {
		ops = ops[:backend.MaxChain]
	}
	ops = append(ops, &backend.Op{Kind: backend.OpNop, Path: l.dir})
	return linked(ops[max(0, len(ops)-backend.MaxChain):]...)
}
