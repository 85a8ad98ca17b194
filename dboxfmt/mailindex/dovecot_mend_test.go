package mailindex

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDovecotAfterMending: what a dead writer has left at the end of a log does
// not get in Dovecot's way once we have written.
func TestDovecotAfterMending(t *testing.T) {
	for name, garbage := range map[string][]byte{
		"half a record":    {0x80, 0x80, 0x80, 0x85, 4, 0, 0, 0, 1, 0, 0, 0},
		"not written":      make([]byte, 24),
		"a boundary alone": AppendBoundary(nil, true, 96),
	} {
		t.Run(name, func(t *testing.T) {
			d := startDovecot(t, "sdbox")
			for range 3 {
				d.save("INBOX")
			}
			x := d.open(openFS(t, nil), "INBOX", Limits{})
			edit(t, x.files.log, more(garbage...))
			tx := &Transaction{}
			tx.SetFlags(UIDRange{1, 2}, Flagged, 0)
			tx.AddKeyword(UIDRange{2, 3}, "mended")
			require.NoError(t, x.Commit(patient(t), tx))
			d.agree(x, "INBOX")
			d.save("INBOX")
			d.run("flags", "add", `\Seen again`, "mailbox", "INBOX", "uid", "1:4")
			d.agree(x, "INBOX")
			require.Equal(t, 4, viewOf(t, x).Count())
		})
	}
}

// TestDovecotAfterReset: Dovecot reads an index that was begun anew, here with
// the messages it had and their flags.
func TestDovecotAfterReset(t *testing.T) {
	d := startDovecot(t, "sdbox")
	for range 4 {
		d.save("INBOX")
	}
	d.run("flags", "add", `\Seen kept`, "mailbox", "INBOX", "uid", "2")
	x := d.open(openFS(t, nil), "INBOX", Limits{})
	v := viewOf(t, x)
	highest := d.status("INBOX", "highestmodseq")

	dbox := Extension{"dbox-hdr", 24, 0, 0}
	tx := &Transaction{}
	tx.SetUIDValidity(v.UIDValidity())
	tx.SetExtHeader(dbox, 0, v.ExtHeader("dbox-hdr"))
	for _, m := range messages(t, v) {
		tx.AppendUID(m.UID, m.Flags, m.Keywords()...)
	}
	tx.SetNextUID(v.NextUID())
	l, err := x.LockDamaged(patient(t))
	require.NoError(t, err)
	require.NoError(t, l.Reset(patient(t), tx))
	require.NoError(t, l.Unlock())
	d.agree(x, "INBOX")
	require.Greater(t, d.status("INBOX", "highestmodseq"), highest)
	d.save("INBOX")
	d.agree(x, "INBOX")
	require.Equal(t, 5, viewOf(t, x).Count())
}

// TestDovecotKeepsOpen: one Dovecot process that has the mailbox open goes on
// while we write, rotate and rewrite beside it.
func TestDovecotKeepsOpen(t *testing.T) {
	d := startDovecot(t, "sdbox")
	fs := openFS(t, nil)
	for range 3 {
		d.save("INBOX")
	}
	x := d.open(fs, "INBOX", Limits{})
	imap := d.imap()
	imap.do("SELECT INBOX")
	for i := range 6 {
		tx := &Transaction{}
		tx.AddKeyword(UIDRange{1, 1}, fmt.Sprint("round", i))
		require.NoError(t, x.Commit(patient(t), tx))
		require.Contains(t, imap.do("NOOP"), fmt.Sprint("round", i), "our change is not told")
		if i%2 == 1 {
			l, err := x.Lock(patient(t))
			require.NoError(t, err)
			require.NoError(t, l.Rotate(patient(t)))
			require.NoError(t, l.Unlock())
		}
		imap.do(fmt.Sprintf(`STORE 2 +FLAGS (theirs%d)`, i))
		require.NoError(t, x.Refresh(patient(t)))
		require.Contains(t, viewOf(t, x).Keywords(), fmt.Sprint("theirs", i))
	}
	imap.close()
	d.agree(x, "INBOX")
	_, err := os.Stat(x.files.log2)
	require.NoError(t, err)
}
