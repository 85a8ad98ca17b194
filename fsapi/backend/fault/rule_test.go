package fault_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
	"github.com/stretchr/testify/require"
)

// TestChoice: which of a fixed row of operations a rule hits.
func TestChoice(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, c := range map[string]struct {
		rule    fault.Rule
		hit     []int // of the operations below
		matched int
	}{
		"zero rule":       {fault.Rule{}, []int{0}, 8},
		"skip":            {fault.Rule{Skip: 3}, []int{3}, 8},
		"times":           {fault.Rule{Skip: 1, Times: 2}, []int{1, 2}, 8},
		"always":          {fault.Rule{Skip: 6, Times: fault.Always}, []int{6, 7}, 8},
		"skip too many":   {fault.Rule{Skip: 8}, nil, 8},
		"kind":            {fault.Rule{Kinds: fault.Kinds(backend.OpMkdir), Times: fault.Always}, []int{0, 1, 2}, 3},
		"n-th of a kind":  {fault.Rule{Kinds: fault.Kinds(backend.OpMkdir), Skip: 2}, []int{2}, 3},
		"kinds":           {fault.Rule{Kinds: fault.Kinds(backend.OpStat, backend.OpRename), Times: fault.Always}, []int{3, 4, 5, 6}, 4},
		"path":            {fault.Rule{Path: at("b"), Times: fault.Always}, []int{1, 4, 6}, 3},
		"suffix":          {fault.Rule{Suffix: ".log", Times: fault.Always}, []int{2, 5, 6}, 3},
		"path and kind":   {fault.Rule{Path: at("b"), Kinds: fault.Kinds(backend.OpStat)}, []int{4}, 1},
		"path and suffix": {fault.Rule{Path: at("b"), Suffix: ".log", Times: fault.Always}, nil, 0},
		"predicate": {fault.Rule{Times: fault.Always, Match: func(op *backend.Op, path string) bool {
			return op.Kind != backend.OpMkdir && strings.HasSuffix(path, "a")
		}}, []int{3}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := wrapped(t)
			f := b.Add(c.rule.Fail(syscall.EXDEV))
			ops := []*backend.Op{
				{Kind: backend.OpMkdir, Path: at("a")},
				{Kind: backend.OpMkdir, Path: at("b")},
				{Kind: backend.OpMkdir, Path: at("c.log")},
				{Kind: backend.OpStat, Path: at("a")},
				{Kind: backend.OpStat, Path: at("b")},
				{Kind: backend.OpStat, Path: at("c.log")},
				{Kind: backend.OpRename, Path: at("x.log"), NewPath: at("b")},
				{Kind: backend.OpNop},
			}
			run(t, b, ops...)
			var hit []int
			for i, op := range ops {
				if op.Err != nil && strings.Contains(op.Err.Error(), syscall.EXDEV.Error()) {
					hit = append(hit, i)
				}
			}
			require.Equal(t, c.hit, hit)
			require.Equal(t, len(c.hit), f.Hits())
			require.Equal(t, c.matched, f.Matched())
			require.Equal(t, len(ops), b.Operations())
		})
	}
}

// TestPathOfHandle: operations on a handle count as operations on the path that
// it was opened with, also in the chain that opens it.
func TestPathOfHandle(t *testing.T) {
	b := wrapped(t)
	path, h := file(t, b, "content")
	other, _ := file(t, b, "other")
	f := b.Add(fault.Rule{Path: path, Kinds: fault.Kinds(backend.OpRead), Times: 2}.Fail(syscall.EIO))
	h2, h3 := new(backend.Handle), new(backend.Handle)
	ops := []*backend.Op{
		{Kind: backend.OpRead, Handle: h, Buf: make([]byte, 1)},
		{Kind: backend.OpOpen, Path: other, Handle: h3, Link: true},
		{Kind: backend.OpRead, Handle: h3, Buf: make([]byte, 1), Link: true},
		{Kind: backend.OpClose, Handle: h3},
		{Kind: backend.OpOpen, Path: path, Handle: h2, Link: true},
		{Kind: backend.OpRead, Handle: h2, Buf: make([]byte, 1), Link: true},
		{Kind: backend.OpClose, Handle: h2},
	}
	run(t, b, ops...)
	require.Equal(t, 2, f.Hits())
	for i, op := range ops {
		if i == 0 || i == 5 {
			require.ErrorIs(t, op.Err, syscall.EIO)
		} else {
			require.NoError(t, op.Err)
		}
	}
}

// TestSeveralRules: the first one that hits decides, and the next does not
// count the operation.
func TestSeveralRules(t *testing.T) {
	b := wrapped(t)
	first := b.Add(fault.Rule{Skip: 1}.Fail(syscall.EIO))
	second := b.Add(fault.Rule{Times: 2}.Fail(syscall.ENOSPC))
	var causes []error
	for range 4 {
		op := &backend.Op{Kind: backend.OpNop}
		run(t, b, op)
		causes = append(causes, op.Err)
	}
	require.ErrorIs(t, causes[0], syscall.ENOSPC)
	require.ErrorIs(t, causes[1], syscall.EIO)
	require.ErrorIs(t, causes[2], syscall.ENOSPC)
	require.NoError(t, causes[3])
	require.Equal(t, 4, first.Matched())
	require.Equal(t, 3, second.Matched())
	require.Equal(t, 2, second.Hits())
}

func TestRemove(t *testing.T) {
	b := wrapped(t)
	f := b.Add(fault.Rule{Times: fault.Always}.Fail(syscall.EIO))
	op := &backend.Op{Kind: backend.OpNop}
	run(t, b, op)
	require.Error(t, op.Err)
	f.Remove()
	run(t, b, op)
	require.NoError(t, op.Err)
}
