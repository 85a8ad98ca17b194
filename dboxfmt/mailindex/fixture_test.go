package mailindex

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// expected is what Dovecot, and another parser of its indexes, say about a
// store.
type expected struct {
	Mails []struct {
		Mailbox string   `json:"mailbox"`
		UID     string   `json:"uid"`
		GUID    string   `json:"guid"`
		Flags   []string `json:"flags"`
		Saved   string   `json:"date.saved.unixtime"`
		Refs    string   `json:"refcount"`
	} `json:"mails_by_doveadm_fetch"`
	Map struct {
		HighestFile uint32 `json:"highest_file_id"`
		NextUID     uint32 `json:"next_map_uid"`
		Rebuilds    uint32 `json:"rebuild_count"`
		UIDValidity uint32 `json:"uidvalidity"`
		Records     map[string]struct {
			File   uint32 `json:"file_id"`
			Offset uint32 `json:"offset"`
			Size   uint32 `json:"size"`
			Refs   int    `json:"refcount"`
		} `json:"records"`
	} `json:"map_by_lab_parser"`
	Mailboxes map[string]struct {
		Ext   [][3]any `json:"ext"`
		Mails map[string]struct {
			Alt      bool     `json:"alt"`
			Flags    []string `json:"flags"`
			Keywords []string `json:"kw"`
			GUID     string   `json:"guid"`
			MapUID   uint32   `json:"map_uid"`
			Saved    uint32   `json:"save"`
		} `json:"mails"`
		NextUID     uint32 `json:"next_uid"`
		UIDValidity uint32 `json:"uidvalidity"`
	} `json:"mailbox_index_by_lab_parser"`
}

var stores = []string{"mdbox-small", "mdbox-indexed", "mdbox-zlib", "mdbox-attach", "mdbox-alt", "sdbox-small", "sdbox-attach"}

// TestDovecotStores compares views with what Dovecot and the other parser say.
func TestDovecotStores(t *testing.T) {
	fs := openFS(t, nil)
	for _, store := range stores {
		t.Run(store, func(t *testing.T) {
			dir := filepath.Join("testdata", store)
			data, err := os.ReadFile(filepath.Join(dir, "expected.json"))
			require.NoError(t, err)
			var want expected
			require.NoError(t, json.Unmarshal(data, &want))
			root := filepath.Join(dir, strings.SplitN(store, "-", 2)[0])
			if want.Map.NextUID > 0 {
				want.compareMap(t, viewOf(t, openIndex(t, fs, filepath.Join(root, "storage"), "dovecot.map.index", Options{ReadOnly: true})))
			}
			require.NotEmpty(t, want.Mailboxes)
			for name := range want.Mailboxes {
				box := filepath.Join(root, "mailboxes", name, "dbox-Mails")
				want.compareMailbox(t, name, viewOf(t, openIndex(t, fs, box, "dovecot.index", Options{ReadOnly: true})))
			}
		})
	}
}

func (want *expected) compareMap(t *testing.T, v *View) {
	m := want.Map
	require.Equal(t, m.UIDValidity, v.UIDValidity())
	require.Equal(t, m.NextUID, v.NextUID())
	require.Equal(t, m.HighestFile, u32(v.ExtHeader("map")))
	require.Equal(t, m.Rebuilds, u32(v.ExtHeader("map")[4:]))
	all := messages(t, v)
	require.Len(t, all, len(m.Records))
	for _, msg := range all {
		r, ok := m.Records[strconv.Itoa(int(msg.UID))]
		require.True(t, ok, "uid %d", msg.UID)
		at := msg.Ext(v.Field("map"))
		require.Equal(t, []uint32{r.File, r.Offset, r.Size}, []uint32{u32(at), u32(at[4:]), u32(at[8:])})
		require.Equal(t, r.Refs, u16(msg.Ext(v.Field("ref"))))
	}
}

func (want *expected) compareMailbox(t *testing.T, name string, v *View) {
	box := want.Mailboxes[name]
	require.Equal(t, box.UIDValidity, v.UIDValidity())
	require.Equal(t, box.NextUID, v.NextUID())
	var exts [][3]any
	for _, e := range v.Extensions() {
		size := len(v.ExtHeader(e.Name))
		if e.Name == "keywords" {
			size = int(box.Ext[len(exts)][1].(float64)) // the names count, not their padding
		}
		exts = append(exts, [3]any{e.Name, float64(size), float64(e.RecordSize)})
	}
	require.Equal(t, box.Ext, exts)
	all := messages(t, v)
	require.Len(t, all, len(box.Mails))
	for _, m := range all {
		w, ok := box.Mails[strconv.Itoa(int(m.UID))]
		require.True(t, ok, "uid %d", m.UID)
		require.Equal(t, w.Alt, m.Flags&Backend != 0)
		require.ElementsMatch(t, w.Flags, strings.Fields(m.Flags.String()))
		require.ElementsMatch(t, w.Keywords, m.Keywords())
		if w.GUID != "" {
			require.Equal(t, w.GUID, hex.EncodeToString(m.Ext(v.Field("guid"))))
			require.Equal(t, w.MapUID, u32(m.Ext(v.Field("mdbox"))))
			require.Equal(t, w.Saved, u32(m.Ext(v.Field("mdbox"))[4:]))
		}
	}
	for _, mail := range want.Mails {
		if mail.Mailbox == name {
			uid, err := strconv.Atoi(mail.UID)
			require.NoError(t, err)
			m, err := v.Find(patient(t), uint32(uid))
			require.NoError(t, err)
			require.ElementsMatch(t, mail.Flags, append(strings.Fields(m.Flags.String()), m.Keywords()...))
		}
	}
}

// sharedDir finds a folder of the material that is kept beside the project, if
// it is there.
func sharedDir(t *testing.T, name string) string {
	dir, err := os.Getwd()
	require.NoError(t, err)
	for range 10 {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			path := filepath.Join(filepath.Dir(dir), "shared", name)
			if _, err := os.Stat(path); err != nil {
				t.Skipf("SKIPPED: the damaged stores are not here: %v", err)
			}
			return path
		}
		dir = filepath.Dir(dir)
	}
	t.Fatal("no go.mod above the test")
	return ""
}

// TestDovecotDamagedStores reads all indexes of stores that were damaged and
// repaired. The messages were damaged, their indexes can be read.
func TestDovecotDamagedStores(t *testing.T) {
	fs := openFS(t, nil)
	read := 0
	err := filepath.WalkDir(sharedDir(t, filepath.Join("fixtures", "dovecot")), func(path string, d os.DirEntry, err error) error {
		require.NoError(t, err)
		name, ok := strings.CutSuffix(d.Name(), ".log")
		if !ok || !slices.Contains([]string{"dovecot.index", "dovecot.map.index"}, name) {
			return nil
		}
		x, err := Open(patient(t), fs, filepath.Dir(path), name, Options{ReadOnly: true})
		require.NoError(t, err, path)
		v := viewOf(t, x)
		for _, m := range messages(t, v) {
			require.Less(t, m.UID, v.NextUID())
		}
		require.NoError(t, x.Close())
		read++
		return nil
	})
	require.NoError(t, err)
	require.NotZero(t, read)
}
