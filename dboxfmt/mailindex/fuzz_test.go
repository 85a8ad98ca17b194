package mailindex

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// seedFiles gives a fuzz target Dovecot's own files.
func seedFiles(f *testing.F, pattern string) {
	for _, deep := range []string{"storage", filepath.Join("mailboxes", "*", "dbox-Mails")} {
		paths, err := filepath.Glob(filepath.Join("testdata", "*", "*", deep, pattern))
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
}

// FuzzLog: whatever a log holds, it is applied or refused, and what comes of it
// can be written as a main index and read again.
func FuzzLog(f *testing.F) {
	seedFiles(f, "*.log")
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := DecodeLogHeader(data)
		if err != nil || h.Size > len(data) || len(data) > 1<<16 {
			return
		}
		st := newState(h.IndexID)
		st.begin(h)
		_, _, err = walkSpans(data[h.Size:], st.offset, func(r Record, at int64) error {
			before := st.branch()
			if err := st.apply(context.Background(), r, at); err != nil {
				return err
			}
			before.close()
			return nil
		})
		if err != nil {
			return
		}
		again(t, st)
	})
}

// again writes st as a main index, reads that, and compares.
func again(t *testing.T, st *state) {
	exts := st.extsToWrite()
	fields, stride := layout(exts)
	var body []byte
	for i := range exts {
		body = appendExtension(body, &exts[i], fields[i])
	}
	h := st.headerToWrite(NoLog2)
	file := appendHeader(nil, &h, BaseHeaderSize+len(body), stride)
	file = append(file, body...)
	h2, fr, err := decodeHeader(file)
	if err != nil {
		t.Fatalf("the header cannot be read again: %v", err)
	}
	st2, err := decodeMain(file, h2, fr)
	if err != nil {
		t.Fatalf("the extensions cannot be read again: %v", err)
	}
	if st2.head != h || len(st2.exts) != len(st.exts) || len(st2.keywords) != len(st.keywords) {
		t.Fatalf("read again it is not the same: %+v, %+v", h, st2.head)
	}
}

// FuzzMain: whatever a main index holds, it is read or refused.
func FuzzMain(f *testing.F) {
	seedFiles(f, "*.index")
	f.Fuzz(func(t *testing.T, data []byte) {
		h, fr, err := decodeHeader(data)
		if err != nil || len(data) > 1<<20 {
			return
		}
		st, err := decodeMain(data, h, fr)
		if err != nil {
			return
		}
		b := st.records.base
		if rest := data[fr.header:]; b.n*b.stride <= len(rest) {
			b.mem = rest[:b.n*b.stride]
			if b.check(b.mem) != nil {
				return
			}
			for i := range b.n {
				uid, err := b.uid(context.Background(), i)
				if err != nil {
					t.Fatal(err)
				}
				if at, err := b.search(context.Background(), uid); err != nil || at != i {
					t.Fatalf("uid %d is at %d, found at %d: %v", uid, i, at, err)
				}
			}
			again(t, st)
		}
	})
}

func FuzzKeywords(f *testing.F) {
	f.Add(EncodeKeywords([]string{"one", "two"}))
	f.Fuzz(func(t *testing.T, data []byte) {
		names, err := DecodeKeywords(data)
		if err != nil {
			return
		}
		if got, err := DecodeKeywords(EncodeKeywords(names)); err != nil || len(got) != len(names) {
			t.Fatalf("%q: %q, %v", names, got, err)
		}
	})
}

// allKinds are the kinds of records.
var allKinds = []Kind{
	KindAppend, KindExpunge, KindExpungeGUID, KindFlags, KindHeader, KindExtIntro, KindExtReset, KindExtHeader, KindExtHeader32,
	KindExtRecord, KindExtIncrement, KindKeyword, KindKeywordReset, KindModSeq, KindDeleted, KindUndeleted, KindAttributes, KindBoundary,
}

// FuzzRecords: records whose sizes are right, of any kind, with anything in
// them. Each piece of data is one byte for the kind, one for the length in words,
// and the payload.
func FuzzRecords(f *testing.F) {
	seed := func(records ...[]byte) {
		var data []byte
		for _, b := range records {
			r, n, _, err := DecodeRecord(b)
			if err != nil || n != len(b) {
				f.Fatal("no record")
			}
			for i, k := range allKinds {
				if k == r.Kind {
					data = append(data, byte(i), byte(len(r.Payload)/4))
				}
			}
			data = append(data, r.Payload...)
		}
		f.Add(data)
	}
	uids := []UIDRange{{1, 2}}
	seed(
		AppendNew(nil, true, []NewMessage{{1, Seen}, {2, 0}, {3, 0}}),
		AppendIntro(nil, true, -1, 0, Extension{"ref", 4, 2, 2}),
		AppendExtRecord(nil, true, 2, []ExtValue{{1, []byte{1, 0}}}),
		AppendIncrement(nil, true, []Increment{{1, 1}}),
		AppendExtHeader(nil, true, 0, []byte{1, 2}),
		AppendKeyword(nil, true, true, "one", uids),
		AppendFlags(nil, true, Seen, 0, uids),
		AppendIntro(nil, true, 0, 0, Extension{"ref", 4, 8, 8}),
		AppendExtReset(nil, true, 7, false),
		AppendExpunge(nil, true, []UIDRange{{1, 1}}),
		AppendKeywordReset(nil, true, uids),
		AppendHeaderUpdate(nil, true, offsetTail, le32(nil, 64)),
	)
	seed(
		AppendNew(nil, true, []NewMessage{{5, 0}}),
		AppendIntro(nil, true, -1, 0, Extension{modSeqName, 16, 8, 8}),
		AppendExtHeader(nil, true, 0, le32(nil, 12, 0)),
		AppendFlags(nil, true, 0, Seen, uids),
		AppendExpungeGUID(nil, false, []Expunge{{UID: 5}}),
	)
	f.Fuzz(func(t *testing.T, data []byte) {
		st := newState(1)
		for len(data) >= 2 && len(st.exts) < 40 {
			kind, n := allKinds[int(data[0])%len(allKinds)], min(int(data[1])*4, (len(data)-2)/4*4)
			r := Record{kind, data[0]&0x80 == 0, data[2 : 2+n]}
			data = data[2+n:]
			if st.apply(context.Background(), r, st.offset) != nil {
				return
			}
			st.offset += int64(recordHeader + n)
		}
		again(t, st)
	})
}
