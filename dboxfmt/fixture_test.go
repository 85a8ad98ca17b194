package dboxfmt

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"io"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// expected is what Dovecot says about a store under testdata.
type expected struct {
	Mails []struct {
		GUID     string `json:"guid"`
		Received string `json:"date.received.unixtime"`
		Physical string `json:"size.physical"`
		Virtual  string `json:"size.virtual"`
		SHA1     string `json:"text_sha1_lf"`
	} `json:"mails_by_doveadm_fetch"`
	Map struct {
		Records map[string]struct {
			FileID int   `json:"file_id"`
			Offset int64 `json:"offset"`
			Size   int64 `json:"size"`
		} `json:"records"`
	} `json:"map_by_lab_parser"`
}

// storeFiles reads all message files of a store, by name.
func storeFiles(t *testing.T, store string) map[string][]byte {
	names, err := filepath.Glob(filepath.Join("testdata", store, "[mu].*"))
	require.NoError(t, err)
	require.NotEmpty(t, names)
	files := map[string][]byte{}
	for _, name := range names {
		files[filepath.Base(name)] = testFile(t, filepath.Join(store, filepath.Base(name)))
	}
	return files
}

var stores = []string{"mdbox-small", "mdbox-indexed", "mdbox-zlib", "mdbox-attach", "mdbox-alt", "sdbox-small", "sdbox-attach"}

// TestDovecotStores reads what Dovecot wrote and compares with what Dovecot
// itself says about it, index records included.
func TestDovecotStores(t *testing.T) {
	for _, store := range stores {
		t.Run(store, func(t *testing.T) {
			var want expected
			require.NoError(t, json.Unmarshal(testFile(t, filepath.Join(store, "expected.json")), &want))
			byGUID := map[string]found{}
			for name, data := range storeFiles(t, store) {
				single := name[0] == 'u'
				h, all, err := readForward(bytes.NewReader(data), DecoderOptions{Name: name, Single: single, Verify: true})
				require.NoError(t, err)
				sameMessages(t, data, h, all)
				for _, f := range all {
					guid, err := f.Metadata.GUID()
					require.NoError(t, err)
					byGUID[guid] = f
				}
				require.Equal(t, data, rewritten(t, h, all), "written again it is not the same file")
			}
			for _, mail := range want.Mails {
				f, ok := byGUID[mail.GUID]
				require.True(t, ok, "no message %s", mail.GUID)
				compareMail(t, f, mail.Received, mail.Physical, mail.Virtual)
				_, compressed := f.Metadata.Get('Z')
				if !compressed {
					sum := sha1.Sum([]byte(f.body))
					require.Equal(t, mail.SHA1, hex.EncodeToString(sum[:]))
				}
			}
			for uid, r := range want.Map.Records {
				data := storeFiles(t, store)["m."+strconv.Itoa(r.FileID)]
				src := source(data)
				h, err := src.Header()
				require.NoError(t, err)
				_, err = src.Record(h, Extent{Offset: r.Offset, Length: r.Size, BodySize: UnknownSize})
				require.NoError(t, err, "map uid %s", uid)
			}
		})
	}
}

func compareMail(t *testing.T, f found, received, physical, virtual string) {
	t.Helper()
	at, err := f.Metadata.Received()
	require.NoError(t, err)
	require.Equal(t, received, strconv.FormatInt(at.Unix(), 10))
	size, err := f.PlainSize()
	require.NoError(t, err)
	require.Equal(t, physical, strconv.FormatInt(size, 10))
	size, err = f.Metadata.VirtualSize()
	require.NoError(t, err)
	require.Equal(t, virtual, strconv.FormatInt(size, 10))
}

// rewritten writes the messages of a version 2 file again.
func rewritten(t *testing.T, h FileHeader, all []found) []byte {
	var out bytes.Buffer
	w, err := NewWriter(&out, h, WriterOptions{})
	require.NoError(t, err)
	for _, f := range all {
		m, err := w.Create(f.BodySize)
		require.NoError(t, err)
		_, err = io.WriteString(m, f.body)
		require.NoError(t, err)
		got, err := m.Finish(f.Metadata)
		require.NoError(t, err)
		require.Equal(t, f.Message, *got)
	}
	return out.Bytes()
}

// TestVersion1 reads a file of the oldest format.
func TestVersion1(t *testing.T) {
	data := testFile(t, "v1.m.1")
	h, all, err := readForward(bytes.NewReader(data), DecoderOptions{})
	require.NoError(t, err)
	require.Equal(t, FileHeader{Version: 1, MessageHeaderSize: 30, Created: 0x6b048274, Words: []string{"A000003da", "M1e", "C6b048274"}}, h)
	require.Len(t, all, 3)
	sameMessages(t, data, h, all)
	for i, f := range all {
		require.EqualValues(t, i+1, f.UID)
		saved, err := f.Metadata.Saved()
		require.NoError(t, err)
		require.Equal(t, time.Unix(0x5f000000, 0), saved)
		_, err = f.Metadata.Flags()
		require.NoError(t, err)
		expunged, err := f.Metadata.Expunged()
		require.NoError(t, err)
		require.False(t, expunged)
	}
}

// TestSpaceEndsMetadata: Dovecot ends a block at a line that starts with one.
func TestSpaceEndsMetadata(t *testing.T) {
	data := testFile(t, "space-end.m.1")
	h, all, err := readForward(bytes.NewReader(data), DecoderOptions{})
	require.NoError(t, err)
	require.Len(t, all, 3)
	sameMessages(t, data, h, all)
}

// TestExample is the example of the version 3 specification, byte for byte.
func TestExample(t *testing.T) {
	data := testFile(t, "example-v3.dbox")
	h, m, err := source(data).Single()
	require.NoError(t, err)
	require.Equal(t, NewFileHeader(3, time.Unix(created, 0)), h)
	require.Equal(t, &Message{
		Version: 3, Offset: 0x10, BodyOffset: 0x23, BodySize: 15, Length: 161 - 0x10, Type: 'N', Separator: sep,
		Metadata: Metadata{{'R', "5f3c2a10"}, {'V', "12"}, {'G', "0123456789abcdef0123456789abcdef"}, {'H', "crc32c:49abb0ec"}, {'L', "0000006f"}},
	}, m)
	_, all, err := readForward(bytes.NewReader(data), DecoderOptions{Single: true, Verify: true})
	require.NoError(t, err)
	require.Equal(t, []found{{*m, "Subject: x\n\nhi\n"}}, all)
	sameMessages(t, data, h, all)

	var out bytes.Buffer
	w, err := NewWriter(&out, h, WriterOptions{Random: fixedSeparator(t, sep)})
	require.NoError(t, err)
	mw, err := w.Create(UnknownSize)
	require.NoError(t, err)
	for _, piece := range []string{"Subject: x\n", "\nhi", "\n"} {
		_, err = io.WriteString(mw, piece)
		require.NoError(t, err)
	}
	written, err := mw.Finish(Metadata{{'R', "5f3c2a10"}, {'G', "0123456789abcdef0123456789abcdef"}})
	require.NoError(t, err)
	require.Equal(t, m, written)
	require.Equal(t, data, out.Bytes())
}
