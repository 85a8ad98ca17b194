package mdbox

import (
	"encoding/binary"
	"math/rand"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/dboxfmt/storetest"
	"github.com/ringbox/ringbox/fsapi"
)

// BenchmarkGrowth compares a store of a thousand messages with one of a million.
// The map of the latter has every message a thousand times.
func BenchmarkGrowth(b *testing.B) {
	if os.Getenv(storetest.MillionVariable) == "" {
		b.Skip("SKIPPED: set " + storetest.MillionVariable + "=1 for a store of a million messages")
	}
	fsys, err := fsapi.New(fsapi.Options{Sync: fsapi.SyncNever, Logger: quiet})
	require.NoError(b, err)
	defer fsys.Close()
	open := func(root string) func() mailstore.Store {
		return func() mailstore.Store {
			s, err := Open(ctx, Options{FS: fsys, Root: root, Version: 2, Logger: quiet})
			require.NoError(b, err)
			return s
		}
	}
	few, many := open(filepath.Join(b.TempDir(), "few")), open(filepath.Join(b.TempDir(), "many"))
	storetest.Fill(b, few())
	storetest.Fill(b, many())
	s := many().(*Store)
	require.NoError(b, s.Close())
	storetest.Inflate(b, fsys, s.layout.storage, mapIndex, func(uint32, string, []byte) {})
	storetest.Inflate(b, fsys, s.tree.Dir("INBOX"), boxIndexName, func(uid uint32, extension string, data []byte) {
		if extension == extMdbox {
			binary.LittleEndian.PutUint32(data, uid)
		}
	})
	upTo := func(n int) func(*rand.Rand) uint32 { return func(r *rand.Rand) uint32 { return uint32(1 + r.Intn(n)) } }
	storetest.Growth(b, storetest.Grown{Open: few, Pick: upTo(storetest.Few)}, storetest.Grown{Open: many, Pick: upTo(storetest.Many)})
}
