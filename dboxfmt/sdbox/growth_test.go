package sdbox

import (
	"context"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/dboxfmt/storetest"
	"github.com/ringbox/ringbox/fsapi"
)

// BenchmarkGrowth compares a mailbox of a thousand messages with one of a million.
// The files of the latter are second names of the same few; with
// RINGBOX_MILLION=files there is one for each message, which takes the file system
// a while, else for each hundredth.
func BenchmarkGrowth(b *testing.B) {
	setting := os.Getenv(storetest.MillionVariable)
	if setting == "" {
		b.Skip("SKIPPED: set " + storetest.MillionVariable + "=1 for a mailbox of a million messages")
	}
	fsys := newFS(b, fsapi.Auto, fsapi.SyncNever)
	open := func(root string) func() mailstore.Store {
		return func() mailstore.Store {
			s, err := Open(context.Background(), Options{FS: fsys, Root: root, Version: 2, Logger: quiet})
			require.NoError(b, err)
			return s
		}
	}
	few, many := open(filepath.Join(b.TempDir(), "few")), open(filepath.Join(b.TempDir(), "many"))
	storetest.Fill(b, few())
	storetest.Fill(b, many())
	dir := many().(*Store).tree.Dir("INBOX")
	storetest.Inflate(b, fsys, dir, "dovecot.index", func(uint32, string, []byte) {})
	every := 100
	if setting == "files" {
		every = 1
	}
	for uid := storetest.Few/every*every + every; uid <= storetest.Many; uid += every {
		name := func(uid int) string { return filepath.Join(dir, fmt.Sprint("u.", uid)) }
		require.NoError(b, os.Link(name(1+uid/every%storetest.Few), name(uid)))
	}
	storetest.Growth(b,
		storetest.Grown{Open: few, Pick: func(r *rand.Rand) uint32 { return uint32(1 + r.Intn(storetest.Few)) }},
		storetest.Grown{Open: many, Pick: func(r *rand.Rand) uint32 { return uint32(every * (1 + r.Intn(storetest.Many/every))) }})
}
