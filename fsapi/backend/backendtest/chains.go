package backendtest

import (
	"io/fs"
	"strings"
	"syscall"

	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/stretchr/testify/require"
)

var chainCases = []testCase{
	{"open-read-close", testOpenReadClose},
	{"many", testManyChains},
	{"failing-open", testFailingOpen},
	{"failing-middle", testFailingMiddle},
	{"close-runs-only-if-open", testCloseAfterFailure},
	{"short-read-is-success", testShortReadInChain},
	{"write-sync", testWriteSync},
	{"delivery", testDeliveryChain},
	{"order", testChainOrder},
	{"longest", testLongestChain},
	{"independent", testIndependentChains},
	{"link-on-last", testLinkOnLast},
}

// openReadClose is the chain that reads a small file.
func openReadClose(path string, size int) []*backend.Op {
	h := new(backend.Handle)
	return []*backend.Op{
		{Kind: backend.OpOpen, Path: path, Handle: h, Link: true},
		{Kind: backend.OpRead, Path: path, Handle: h, Buf: make([]byte, size), Link: true},
		{Kind: backend.OpClose, Path: path, Handle: h},
	}
}

func testOpenReadClose(r *rig) {
	data := pattern(1, 10_000)
	path := r.create("f", data)
	for n := 2; n <= 3; n++ { // with and without the close
		ops := openReadClose(path, len(data))[:n]
		ops[n-1].Link = false
		r.run(ops...)
		for _, op := range ops {
			require.NoError(r, op.Err)
		}
		requireSameBytes(r, data, ops[1].Buf[:ops[1].N])
		require.Equal(r, n == 2, ops[0].Handle.IsOpen())
		r.close(ops[0].Handle)
	}
}

// testManyChains: a batch of chains, more than fit, every third of which fails.
func testManyChains(r *rig) {
	const n = 150
	var ops []*backend.Op
	for i := range n {
		path := r.path("missing")
		if i%3 != 0 {
			path = r.create(strings.Repeat("x", i+1), pattern(uint64(i), 3000))
		}
		ops = append(ops, openReadClose(path, 3000)...)
	}
	r.run(ops...)
	for i := range n {
		chain := ops[3*i : 3*i+3]
		require.False(r, chain[0].Handle.IsOpen())
		if i%3 == 0 {
			requireFailed(r, chain[0], fs.ErrNotExist)
			requireFailed(r, chain[1], backend.ErrCanceled)
			requireFailed(r, chain[2], backend.ErrCanceled)
			continue
		}
		require.NoError(r, chain[0].Err)
		require.NoError(r, chain[2].Err)
		requireSameBytes(r, pattern(uint64(i), 3000), transferred(chain[1]))
	}
}

func testFailingOpen(r *rig) {
	ops := openReadClose(r.path("missing"), 10)
	r.run(ops...)
	requireFailed(r, ops[0], fs.ErrNotExist)
	requireFailed(r, ops[1], backend.ErrCanceled)
	require.Zero(r, ops[1].N)
	requireFailed(r, ops[2], backend.ErrCanceled)
	require.False(r, ops[0].Handle.IsOpen())
}

func testFailingMiddle(r *rig) {
	path, h := r.create("f", []byte("content")), new(backend.Handle)
	ops := []*backend.Op{
		{Kind: backend.OpOpen, Path: path, Handle: h, Link: true},
		{Kind: backend.OpWrite, Path: path, Handle: h, Buf: []byte("no"), Link: true}, // opened for reading
		{Kind: backend.OpRead, Path: path, Handle: h, Buf: make([]byte, 7), Link: true},
		{Kind: backend.OpClose, Path: path, Handle: h, Link: true},
		{Kind: backend.OpUnlink, Path: path},
	}
	r.run(ops...)
	require.NoError(r, ops[0].Err)
	requireFailed(r, ops[1], syscall.EBADF)
	requireFailed(r, ops[2], backend.ErrCanceled)
	require.NoError(r, ops[3].Err, "close runs after a failure")
	require.False(r, h.IsOpen())
	requireFailed(r, ops[4], backend.ErrCanceled) // a close that ran does not mend the chain
	require.Equal(r, "content", string(r.content(path)))
}

// testCloseAfterFailure: the close of a handle that was open before the chain
// runs as well.
func testCloseAfterFailure(r *rig) {
	other := r.open(r.create("other", nil), 0)
	h := new(backend.Handle)
	ops := []*backend.Op{
		{Kind: backend.OpOpen, Path: r.path("missing"), Handle: h, Link: true},
		{Kind: backend.OpClose, Handle: h, Link: true},
		{Kind: backend.OpClose, Handle: other},
	}
	r.run(ops...)
	requireFailed(r, ops[0], fs.ErrNotExist)
	requireFailed(r, ops[1], backend.ErrCanceled)
	require.NoError(r, ops[2].Err)
	require.False(r, other.IsOpen())
}

// testShortReadInChain: the end of the file is not a failure.
func testShortReadInChain(r *rig) {
	path := r.create("f", []byte("content"))
	ops := openReadClose(path, 100_000)
	ops[2].Link = true
	ops = append(ops, &backend.Op{Kind: backend.OpUnlink, Path: path})
	r.run(ops...)
	for _, op := range ops {
		require.NoError(r, op.Err)
	}
	require.True(r, ops[1].EOF)
	require.Equal(r, "content", string(transferred(ops[1])))
	require.Empty(r, r.names())
}

func testWriteSync(r *rig) {
	path := r.create("f", nil)
	h := r.open(path, backend.OpenWrite)
	data := pattern(1, 2<<20)
	ops := []*backend.Op{
		{Kind: backend.OpWritev, Handle: h, Bufs: cut(data, 1111), Link: true},
		{Kind: backend.OpSyncRange, Handle: h, Len: 1 << 20, Link: true},
		{Kind: backend.OpDatasync, Handle: h, Link: true},
		{Kind: backend.OpStat, Handle: h},
	}
	r.run(ops...)
	for _, op := range ops {
		require.NoError(r, op.Err)
	}
	require.Equal(r, len(data), ops[0].N)
	require.EqualValues(r, len(data), ops[3].Info.Size)
	requireSameBytes(r, data, r.content(path))
}

// testDeliveryChain is a whole delivery in one chain of the greatest length.
func testDeliveryChain(r *rig) {
	data, h, dir := pattern(1, 20_000), new(backend.Handle), new(backend.Handle)
	ops := []*backend.Op{
		{Kind: backend.OpOpen, Path: r.path("temp"), Open: backend.OpenCreate | backend.OpenExclusive, Mode: 0o600, Handle: h, Link: true},
		{Kind: backend.OpWrite, Handle: h, Buf: data, Link: true},
		{Kind: backend.OpSync, Handle: h, Link: true},
		{Kind: backend.OpClose, Handle: h, Link: true},
		{Kind: backend.OpRename, Path: r.path("temp"), NewPath: r.path("u.1"), Rename: backend.RenameNoReplace, Link: true},
		{Kind: backend.OpOpen, Path: r.dir, Open: backend.OpenDirectory, Handle: dir, Link: true},
		{Kind: backend.OpSync, Handle: dir, Link: true},
		{Kind: backend.OpClose, Handle: dir},
	}
	require.Len(r, ops, backend.MaxChain)
	r.run(ops...)
	for _, op := range ops {
		require.NoError(r, op.Err)
	}
	require.Equal(r, []string{"u.1"}, r.names())
	requireSameBytes(r, data, r.content(r.path("u.1")))
	require.False(r, h.IsOpen() || dir.IsOpen())
}

// testChainOrder: the members run one after the other.
func testChainOrder(r *rig) {
	h := r.open(r.create("f", nil), backend.OpenWrite)
	for round := range 50 {
		var ops []*backend.Op
		for i := range backend.MaxChain / 2 {
			ops = append(ops,
				&backend.Op{Kind: backend.OpWrite, Handle: h, Buf: pattern(uint64(8*round+i), 9000), Link: true},
				&backend.Op{Kind: backend.OpRead, Handle: h, Buf: make([]byte, 9000), Link: true})
		}
		r.run(ops...)
		for i := 0; i < len(ops); i += 2 {
			require.NoError(r, ops[i].Err)
			require.NoError(r, ops[i+1].Err)
			requireSameBytes(r, ops[i].Buf, transferred(ops[i+1]))
		}
	}
}

func testLongestChain(r *rig) {
	var ops []*backend.Op
	path := r.path("")
	for range backend.MaxChain { // each needs the one before it
		path += "/d"
		ops = append(ops, &backend.Op{Kind: backend.OpMkdir, Path: path, Mode: 0o755, Link: true})
	}
	ops[len(ops)-1].Link = false
	r.run(ops...)
	for _, op := range ops {
		require.NoError(r, op.Err)
	}
	require.True(r, r.stat(path).Mode.IsDir())
}

// testIndependentChains: a failure ends its own chain only.
func testIndependentChains(r *rig) {
	mkdir := func(name string, link bool) *backend.Op {
		return &backend.Op{Kind: backend.OpMkdir, Path: r.path(name), Mode: 0o755, Link: link}
	}
	ops := []*backend.Op{
		mkdir("a", false),
		mkdir("missing/x", true), mkdir("b", false),
		mkdir("c", true), mkdir("d", false),
		mkdir("e", false),
	}
	r.run(ops...)
	requireFailed(r, ops[1], fs.ErrNotExist)
	requireFailed(r, ops[2], backend.ErrCanceled)
	require.Equal(r, []string{"a", "c", "d", "e"}, r.names())
}

// testLinkOnLast: a chain ends with its batch, whatever its last member says.
func testLinkOnLast(r *rig) {
	first := []*backend.Op{
		{Kind: backend.OpNop, Link: true},
		{Kind: backend.OpMkdir, Path: r.path("missing/x"), Link: true},
	}
	second := &backend.Op{Kind: backend.OpMkdir, Path: r.path("a"), Mode: 0o755, Link: true}
	out := newOutstanding(r, append(first[:2:2], second))
	for _, batch := range [][]*backend.Op{first, {second}} {
		started, finished, err := r.b.Submit(batch, nil)
		require.NoError(r, err)
		require.Equal(r, len(batch), started)
		require.Zero(r, finished)
		out.start(batch, started)
	}
	out.drain()
	require.NoError(r, first[0].Err)
	requireFailed(r, first[1], fs.ErrNotExist)
	require.NoError(r, second.Err)
	require.Equal(r, []string{"a"}, r.names())
}
