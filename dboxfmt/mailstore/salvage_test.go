package mailstore

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/fsapi"
)

// A log that has lost its header and everything before it still says something.
func TestSalvageOfALogAlone(t *testing.T) {
	fsys, dir, ctx := newFS(t, fsapi.ThreadPool), t.TempDir(), context.Background()
	x, err := mailindex.Open(ctx, fsys, dir, "other", mailindex.Options{Create: true})
	require.NoError(t, err)
	defer x.Close()
	empty, err := x.View(ctx)
	require.NoError(t, err)

	uids := func(first, last uint32) []mailindex.UIDRange {
		return []mailindex.UIDRange{{First: first, Last: last}}
	}
	log := make([]byte, logHeaderSize) // damaged
	log = mailindex.AppendHeaderUpdate(log, true, headerUIDValidity, binary.LittleEndian.AppendUint32(nil, 77))
	log = mailindex.AppendIntro(log, true, -1, 0, mailindex.Extension{Name: "dbox-hdr", HeaderSize: 24})
	log = mailindex.AppendExtHeader(log, true, 0, []byte("\x00\x00\x00\x00sixteen bytes id\x00\x00\x00\x00"))
	log = mailindex.AppendNew(log, true, []mailindex.NewMessage{{UID: 1}, {UID: 2, Flags: mailindex.Seen}, {UID: 3}, {UID: 5}})
	log = mailindex.AppendFlags(log, true, mailindex.Flagged|mailindex.Backend, mailindex.Seen, uids(2, 3))
	log = mailindex.AppendKeyword(log, true, true, "odd", uids(1, 5))
	log = mailindex.AppendKeyword(log, true, true, "even", uids(2, 2))
	log = mailindex.AppendKeyword(log, true, false, "ODD", uids(2, 2))
	log = mailindex.AppendKeywordReset(log, true, uids(3, 3))
	log = mailindex.AppendExpunge(log, false, uids(1, 1)) // only asked for
	log = mailindex.AppendExpungeGUID(log, true, []mailindex.Expunge{{UID: 5}})
	log = mailindex.AppendNew(log, true, []mailindex.NewMessage{{UID: 4_000_000_000}}) // nonsense
	log = mailindex.AppendHeaderUpdate(log, true, headerNextUID, binary.LittleEndian.AppendUint32(nil, 9))
	log = append(log, "torn"...)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "dovecot.index.log"), log, 0o600))

	s, err := ReadSalvage(ctx, fsys, dir, "dovecot.index", "dbox-hdr", empty)
	require.NoError(t, err)
	require.Equal(t, &Salvage{
		UIDValidity: 77, NextUID: 9, GUID: [16]byte([]byte("sixteen bytes id")),
		Messages: map[uint32]*Salvaged{
			1: {Keywords: []string{"odd"}},
			2: {Flags: mailindex.Flagged | mailindex.Backend, Keywords: []string{"even"}},
			3: {Flags: mailindex.Flagged | mailindex.Backend},
		},
		expunged: map[uint32]bool{5: true},
	}, s)
}

// What the index knows already is not taken from its log again.
func TestSalvageOfAGoodIndex(t *testing.T) {
	fsys, dir, ctx := newFS(t, fsapi.ThreadPool), t.TempDir(), context.Background()
	x, err := mailindex.Open(ctx, fsys, dir, "dovecot.index", mailindex.Options{Create: true})
	require.NoError(t, err)
	defer x.Close()
	tx := &mailindex.Transaction{}
	tx.SetUIDValidity(5)
	for range 3 {
		tx.Append(mailindex.Seen)
	}
	require.NoError(t, x.Commit(ctx, tx))
	tx = &mailindex.Transaction{}
	tx.Expunge(mailindex.Expunge{UID: 2})
	tx.SetFlags(mailindex.UIDRange{First: 3, Last: 3}, 0, mailindex.Seen)
	require.NoError(t, x.Commit(ctx, tx))
	v, err := x.View(ctx)
	require.NoError(t, err)
	s, err := ReadSalvage(ctx, fsys, dir, "dovecot.index", "dbox-hdr", v)
	require.NoError(t, err)
	require.Equal(t, map[uint32]*Salvaged{1: {Flags: mailindex.Seen}, 3: {}}, s.Messages)
	for uid := range uint32(6) {
		require.Equal(t, uid == 2, s.Expunged(uid), uid)
	}
	require.Equal(t, uint32(4), s.NextUID)
}

// However high the UIDs are, what is kept depends on how many messages there are.
func TestSalvageOfHighUIDs(t *testing.T) {
	fsys, dir, ctx := newFS(t, fsapi.ThreadPool), t.TempDir(), context.Background()
	x, err := mailindex.Open(ctx, fsys, dir, "dovecot.index", mailindex.Options{Create: true})
	require.NoError(t, err)
	defer x.Close()
	tx := &mailindex.Transaction{}
	tx.SetUIDValidity(5)
	tx.AppendUID(9_000_000, mailindex.Seen)
	require.NoError(t, x.Commit(ctx, tx))
	v, err := x.View(ctx)
	require.NoError(t, err)
	s, err := ReadSalvage(ctx, fsys, dir, "dovecot.index", "dbox-hdr", v)
	require.NoError(t, err)
	require.True(t, s.Expunged(1))
	require.True(t, s.Expunged(8_999_999))
	require.False(t, s.Expunged(9_000_000))
	require.False(t, s.Expunged(9_000_001))
	require.Empty(t, s.expunged)
}
