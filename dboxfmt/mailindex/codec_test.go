package mailindex

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOffsetEncoding(t *testing.T) {
	for size, want := range map[uint32]string{
		0: "80808080", 8: "80808082", 24: "80808086", 508: "808080ff", 512: "80808180", MaxRecordSize: "ffffffff",
	} {
		b := EncodeOffset(size)
		require.Equal(t, want, hex.EncodeToString(b[:]))
		require.Equal(t, size, DecodeOffset(b))
	}
	for _, b := range [][4]byte{{}, {0x80, 0x80, 0x80, 0x06}, {0, 0x80, 0x80, 0x86}} {
		require.Zero(t, DecodeOffset(b), "not written")
	}
}

func TestKeywords(t *testing.T) {
	for _, names := range [][]string{nil, {"one"}, {"one", "$Forwarded", "ä", strings.Repeat("x", 300)}} {
		got, err := DecodeKeywords(append(EncodeKeywords(names), make([]byte, 20)...))
		require.NoError(t, err)
		require.Equal(t, len(names), len(got))
		for i := range names {
			require.Equal(t, names[i], got[i])
		}
	}
	for name, b := range map[string][]byte{
		"short":        {1, 0},
		"count":        le32(nil, 1<<31),
		"table":        le32(nil, 2, 0, 0),
		"name outside": le32(nil, 1, 0, 99, 0),
		"no NUL":       append(le32(nil, 1, 0, 0), "abcd"...),
		"empty name":   append(le32(nil, 1, 0, 0), 0, 0),
	} {
		_, err := DecodeKeywords(b)
		require.ErrorIs(t, err, ErrCorrupt, name)
	}
}

// TestHeaders: what Dovecot wrote is the same when it is written again.
func TestHeaders(t *testing.T) {
	dir := filepath.Join("testdata", "mdbox-indexed", "mdbox", "mailboxes", "INBOX", "dbox-Mails", "dovecot.index")
	b, err := os.ReadFile(dir)
	require.NoError(t, err)
	h, f, err := decodeHeader(b)
	require.NoError(t, err)
	require.Equal(t, frame{120, 536, 40}, f)
	require.EqualValues(t, 7, h.Messages)
	require.EqualValues(t, 2164, h.LogHead)
	require.Equal(t, b[:120], appendHeader(nil, &h, f.header, f.record))
	exts, err := decodeExtensions(b[120:f.header], 120, f.record)
	require.NoError(t, err)
	fields, stride := layout(exts)
	require.Equal(t, f.record, stride)
	require.Equal(t, fieldsOf(exts)[2:6], fields[2:6], "fields lie elsewhere than in Dovecot's")
	var again []byte
	for i := range exts {
		again = appendExtension(again, &exts[i], exts[i].field)
	}
	require.Equal(t, b[120:f.header], again)

	b, err = os.ReadFile(dir + ".log")
	require.NoError(t, err)
	log, err := DecodeLogHeader(b)
	require.NoError(t, err)
	require.Equal(t, b[:LogHeaderSize], AppendLogHeader(nil, log))
}

// TestRecords: every encoder gives what Dovecot's records of that kind look like.
func TestRecords(t *testing.T) {
	r := []UIDRange{{1, 2}}
	for name, c := range map[string]struct{ got, want string }{
		"boundary":  {hex.EncodeToString(AppendBoundary(nil, true, 0x60)), "80808083 00000810 60000000"},
		"append":    {hex.EncodeToString(AppendNew(nil, true, []NewMessage{{3, Seen}})), "80808084 02000010 03000000 08000000"},
		"expunge":   {hex.EncodeToString(AppendExpunge(nil, false, r)), "80808084 91cd0000 01000000 02000000"},
		"guid":      {hex.EncodeToString(AppendExpungeGUID(nil, true, []Expunge{{UID: 3}})), "80808087 90ed0010 03000000" + zeros},
		"flags":     {hex.EncodeToString(AppendFlags(nil, false, Seen, Draft, r)), "80808085 04000000 01000000 02000000 08100000"},
		"header":    {hex.EncodeToString(AppendHeaderUpdate(nil, true, 64, []byte{1, 2, 3, 4})), "80808084 20000010 40000400 01020304"},
		"keyword":   {hex.EncodeToString(AppendKeyword(nil, false, true, "kwZ", r)), "80808086 00040000 00000300 6b775a00 01000000 02000000"},
		"reset":     {hex.EncodeToString(AppendKeywordReset(nil, false, r)), "80808084 00080000 01000000 02000000"},
		"intro":     {hex.EncodeToString(AppendIntro(nil, true, -1, 7, Extension{"cache", 0, 4, 4})), "80808089 40000010 ffffffff 07000000 00000000 04000400 01000500 6361636865000000"},
		"numbered":  {hex.EncodeToString(AppendIntro(nil, true, 2, 7, Extension{"cache", 0, 4, 4})), "80808087 40000010 02000000 07000000 00000000 04000400 01000000"},
		"ext-reset": {hex.EncodeToString(AppendExtReset(nil, true, 9, true)), "80808084 80000010 09000000 01000000"},
		"ext-hdr":   {hex.EncodeToString(AppendExtHeader(nil, true, 4, []byte{1})), "80808084 00010010 04000100 01000000"},
		"ext-hdr32": {hex.EncodeToString(AppendExtHeader(nil, true, 1<<16, []byte{1})), "80808085 00000110 00000100 01000000 01000000"},
		"ext-rec":   {hex.EncodeToString(AppendExtRecord(nil, true, 2, []ExtValue{{5, []byte{1, 0}}})), "80808084 00020010 05000000 01000000"},
		"increment": {hex.EncodeToString(AppendIncrement(nil, false, []Increment{{5, -1}})), "80808084 00100000 05000000 ffffffff"},
	} {
		require.Equal(t, strings.ReplaceAll(c.want, " ", ""), c.got, name)
	}
}

func TestSum(t *testing.T) {
	for _, c := range []struct {
		b    []byte
		diff int64
		want []byte // nil: it does not fit
	}{
		{[]byte{1}, 2, []byte{3}},
		{[]byte{255}, 1, nil},
		{[]byte{0}, -1, nil},
		{[]byte{0, 1}, -1, []byte{255, 0}},
		{[]byte{255, 255}, 1, nil},
		{[]byte{255, 255, 255, 255}, 1, nil},
		{[]byte{255, 255, 255, 255, 0, 0, 0, 0}, 1, []byte{0, 0, 0, 0, 1, 0, 0, 0}},
		{[]byte{255, 255, 255, 255, 255, 255, 255, 255}, 1, nil},
		{[]byte{1, 2, 3}, 1, nil},
	} {
		err := add(c.b, c.diff)
		if c.want == nil {
			require.ErrorIs(t, err, ErrCorrupt)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, c.want, c.b)
	}
}

// TestOldForms: what older Dovecots wrote.
func TestOldForms(t *testing.T) {
	st := newState(1)
	for i, r := range []Record{
		{KindExtIntro, true, AppendIntro(nil, true, -1, 0, Extension{"x", 4, 4, 4})[8:]},
		{KindExtReset, true, le32(nil, 5)}, // without the byte for preserving
		{KindModSeq, true, le32(nil, 1, 9, 0)},
		{KindAttributes, true, []byte("anything")},
	} {
		require.NoError(t, st.apply(t.Context(), r, int64(i)), "%d", i)
	}
	require.EqualValues(t, 5, st.exts[0].resetID)
	require.EqualValues(t, 10, st.modSeq)

	h, err := DecodeLogHeader(append([]byte{1, 1, 24, 0}, le32(nil, 7, 2, 0, 0, 1)...))
	require.NoError(t, err)
	require.Equal(t, LogHeader{Size: 24, IndexID: 7, Seq: 2, Created: 1, ModSeq: 1}, h)
}
