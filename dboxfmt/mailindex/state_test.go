package mailindex

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// applied returns a state that has got these records.
func applied(t *testing.T, records ...[]byte) *state {
	st := newState(1)
	for i, b := range records {
		r, n, _, err := DecodeRecord(b)
		require.NoError(t, err)
		require.Len(t, b, n)
		require.NoError(t, st.apply(t.Context(), r, int64(i)))
	}
	return st
}

func fieldOf(t *testing.T, st *state, place int, name string) []byte {
	rec, fields, err := st.records.read(t.Context(), place)
	require.NoError(t, err)
	return get(rec, fields, find(st.exts, name))
}

var twoMessages = AppendNew(nil, true, []NewMessage{{1, 0}, {2, Seen}})

// Records for another generation of an extension are passed over.
func TestResetIDs(t *testing.T) {
	ext := Extension{"cache", 4, 4, 4}
	value := AppendExtRecord(nil, true, 4, []ExtValue{{1, []byte{1}}})
	header := AppendExtHeader(nil, true, 0, []byte{1, 2, 3, 4})
	st := applied(t, twoMessages,
		AppendIntro(nil, true, -1, 0, ext), value, header,
		AppendExtReset(nil, true, 5, false),
		AppendIntro(nil, true, 0, 0, ext), value, header,
		AppendIntro(nil, true, 0, 4, ext), value, header,
	)
	require.Equal(t, make([]byte, 4), fieldOf(t, st, 0, "cache"))
	require.Equal(t, make([]byte, 4), st.exts[0].header)
	st = applied(t, twoMessages,
		AppendIntro(nil, true, -1, 0, ext), value, header,
		AppendIntro(nil, true, 0, 7, ext), // not the one it has, but the reset gives it that
		AppendExtReset(nil, true, 7, true), header,
	)
	require.Equal(t, []byte{1, 0, 0, 0}, fieldOf(t, st, 0, "cache"))
	require.Equal(t, []byte{1, 2, 3, 4}, st.exts[0].header)
}

// Extensions grow, and shrink only when they may; what they had stays.
func TestSizes(t *testing.T) {
	value := AppendExtRecord(nil, true, 4, []ExtValue{{2, []byte{1, 2, 3, 4}}})
	small := AppendIntro(nil, true, 0, 0, Extension{"x", 2, 2, 2})
	shrink := append([]byte(nil), small...)
	shrink[24] = 0 // the flag
	grown := []([]byte){twoMessages, AppendIntro(nil, true, -1, 0, Extension{"x", 4, 4, 4}), value}
	st := applied(t, append(grown, small)...)
	require.Equal(t, []byte{1, 2, 3, 4}, fieldOf(t, st, 1, "x"))
	require.Len(t, st.exts[0].header, 4)
	st = applied(t, append(grown, small, AppendExtRecord(nil, true, 2, []ExtValue{{2, []byte{9, 9}}}))...)
	require.Equal(t, []byte{9, 9, 0, 0}, fieldOf(t, st, 1, "x"), "what is not told is zero")
	st = applied(t, append(grown, shrink)...)
	require.Equal(t, []byte{1, 2}, fieldOf(t, st, 1, "x"))
	require.Len(t, st.exts[0].header, 2)
	st = applied(t, append(grown, AppendIntro(nil, true, 0, 0, Extension{"x", 8, 8, 8}))...)
	require.Equal(t, []byte{1, 2, 3, 4, 0, 0, 0, 0}, fieldOf(t, st, 1, "x"))
}

// The first keyword takes a number from the extensions.
func TestKeywordsHaveANumber(t *testing.T) {
	st := applied(t, twoMessages,
		AppendIntro(nil, true, -1, 0, Extension{"a", 0, 1, 1}),
		AppendKeyword(nil, true, false, "one", []UIDRange{{1, 1}}), // even when it is taken away
		AppendIntro(nil, true, -1, 0, Extension{"b", 0, 1, 1}),
		AppendIntro(nil, true, 2, 0, Extension{"b", 0, 1, 1}),
		AppendExtRecord(nil, true, 1, []ExtValue{{1, []byte{7}}}),
	)
	require.Equal(t, []byte{7}, fieldOf(t, st, 0, "b"))
}

func TestModSeqs(t *testing.T) {
	uids := []UIDRange{{1, 1}}
	st := applied(t, twoMessages,
		AppendIntro(nil, true, -1, 0, Extension{modSeqName, 16, 8, 8}),
		AppendExtHeader(nil, true, 0, le32(nil, 40, 0, 0, 0)),
		AppendFlags(nil, true, Seen, 0, uids),
		AppendHeaderUpdate(nil, true, 88, []byte{0, 0, 0, 0}),
		AppendExpunge(nil, false, uids),
		AppendKeyword(nil, true, true, "one", []UIDRange{{2, 2}}),
	)
	require.EqualValues(t, 42, st.modSeq)
	require.EqualValues(t, 41, u32(fieldOf(t, st, 0, modSeqName)))
	require.EqualValues(t, 42, u32(fieldOf(t, st, 1, modSeqName)))
	header := st.extsToWrite()[0].header
	require.EqualValues(t, 42, u32(header))
}

// Taking all keywords is a change of the log, but not of messages, as long as
// there are none. Dovecot counts so.
func TestModSeqsWithoutKeywords(t *testing.T) {
	st := applied(t, twoMessages,
		AppendIntro(nil, true, -1, 0, Extension{modSeqName, 16, 8, 8}),
		AppendKeywordReset(nil, true, []UIDRange{{1, 2}}),
	)
	require.EqualValues(t, 3, st.modSeq)
	require.EqualValues(t, 0, u32(fieldOf(t, st, 0, modSeqName)))
}

// The next uid only rises; the counts are ours.
func TestHeaderUpdates(t *testing.T) {
	st := applied(t, twoMessages,
		AppendHeaderUpdate(nil, true, offsetNextUID, le32(nil, 1, 99, 0, 99, 99)),
		AppendHeaderUpdate(nil, true, offsetUIDValidity, le32(nil, 77, 50)),
	)
	require.Equal(t, []uint32{77, 50, 0, 1, 0}, []uint32{st.head.UIDValidity, st.head.NextUID, st.head.Messages, st.head.Seen, st.head.Deleted})
	st = applied(t, AppendHeaderUpdate(nil, true, offsetNextUID, le32(nil, 50)), AppendHeaderUpdate(nil, true, offsetNextUID, le32(nil, 9)))
	require.EqualValues(t, 50, st.head.NextUID)
}

// TestRangesAscend: Dovecot wants the ranges of a record to ascend.
func TestRangesAscend(t *testing.T) {
	for _, c := range []struct{ in, want []UIDRange }{
		{[]UIDRange{{5, 5}, {1, 1}}, []UIDRange{{1, 1}, {5, 5}}},
		{[]UIDRange{{3, 9}, {2, 4}, {10, 10}}, []UIDRange{{2, 10}}},
		{[]UIDRange{{7, 1<<32 - 1}, {2, 1<<32 - 1}, {1<<32 - 1, 1<<32 - 1}}, []UIDRange{{2, 1<<32 - 1}}},
		{[]UIDRange{{1, 8}, {2, 3}, {5, 5}}, []UIDRange{{1, 8}}},
	} {
		require.Equal(t, c.want, sortRanges(c.in))
	}
	tx := &Transaction{}
	for _, uid := range []uint32{9, 2, 5} {
		tx.SetFlags(UIDRange{uid, uid}, Seen, 0)
		tx.Expunge(Expunge{UID: uid})
		tx.SetExt(extRef, uid, []byte{1})
	}
	data, err := newEncoder(newState(1)).encode(nil, tx)
	require.NoError(t, err)
	_, _, err = walkSpans(data, 0, func(r Record, _ int64) error {
		size := map[Kind]int{KindFlags: 12, KindExpungeGUID: 20, KindExtRecord: 8}[r.Kind]
		last := uint32(0)
		for at := 0; size > 0 && at < len(r.Payload); at += size {
			require.Greater(t, u32(r.Payload[at:]), last)
			last = u32(r.Payload[at:])
		}
		return nil
	})
	require.NoError(t, err)
}
