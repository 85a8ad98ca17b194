package mailindex

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ownStep changes flags by chance.
func ownStep(t *testing.T, rng *rand.Rand, x *Index) {
	tx := &Transaction{Unsynced: rng.Intn(2) == 0}
	for range 1 + rng.Intn(3) {
		a, b := uint32(1+rng.Intn(12)), uint32(1+rng.Intn(12))
		uids := UIDRange{min(a, b), max(a, b)}
		names := []string{"one", "Two", "three", "five", "six-6", "seven", "eight", "nine", "ten"}
		name := names[rng.Intn(len(names))]
		switch rng.Intn(5) {
		case 4:
			tx.SetFlags(UIDRange{b, b}, Answered, 0)
			tx.SetFlags(UIDRange{a, a}, Answered, 0)
			if rng.Intn(4) == 0 {
				tx.Expunge(Expunge{UID: a})
				tx.Expunge(Expunge{UID: b})
			}
		case 0:
			tx.SetFlags(uids, Flags(1<<rng.Intn(5)), Flags(1<<rng.Intn(5)))
		case 1:
			tx.AddKeyword(uids, name)
		case 2:
			tx.RemoveKeyword(uids, name)
		case 3:
			tx.ResetKeywords(uids)
		}
	}
	if tx.Unsynced {
		tx.Done()
	}
	require.NoError(t, x.Commit(patient(t), tx))
}

// ownTiny makes us rotate and rewrite all the time.
var ownTiny = Limits{RotateMinSize: 400, RotateMaxSize: 1500, RotateMinAge: time.Nanosecond, RewriteMin: 100, RewriteMax: 300}

// TestDovecotReads: Dovecot sees what we write, has nothing to complain about,
// and both go on from what the other has written; with and without rotation on
// either side.
func TestDovecotReads(t *testing.T) {
	for _, format := range []string{"sdbox", "mdbox"} {
		for _, c := range []struct {
			name   string
			limits Limits
			extra  []string
		}{{"plain", Limits{}, nil}, {"we rotate", ownTiny, nil}, {"both rotate", ownTiny, tiny}} {
			t.Run(format+" "+c.name, func(t *testing.T) {
				d := startDovecot(t, format, c.extra...)
				rng := seeded(t)
				fs := openFS(t, nil)
				d.run("mailbox", "create", "Archive")
				for range 6 {
					d.save("INBOX")
				}
				x := d.open(fs, "INBOX", c.limits)
				for i := range 16 {
					if rng.Intn(3) == 0 {
						d.step(rng)
					}
					ownStep(t, rng, x)
					if rng.Intn(3) == 0 {
						d.ownCopy(rng, x)
					}
					if i%4 == 3 {
						d.agree(x, "INBOX")
						d.agreeModSeqs(x)
					}
				}
			})
		}
	}
}

// ownCopy copies a message as a store would: in single-dbox under its new uid
// before the index says so, in multi-dbox by what its index record says.
func (d *dovecot) ownCopy(rng *rand.Rand, x *Index) {
	t := d.t
	l, err := x.Lock(patient(t))
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Unlock()) }()
	v, err := l.View(patient(t))
	require.NoError(t, err)
	if v.Count() == 0 {
		return
	}
	m, err := v.At(patient(t), 1+rng.Intn(v.Count()))
	require.NoError(t, err)
	tx := &Transaction{}
	a := tx.Append(m.Flags&^Backend, "copied")
	if d.format == "sdbox" {
		uid := strconv.Itoa(int(v.NextUID()))
		require.NoError(t, os.Link(filepath.Join(x.files.dir, "u."+strconv.Itoa(int(m.UID))), filepath.Join(x.files.dir, "u."+uid)))
	} else {
		a.SetExt(Extension{"mdbox", 0, 8, 4}, m.Ext(v.Field("mdbox")))
		a.SetExt(extGUID, m.Ext(v.Field("guid")))
	}
	require.NoError(t, l.Append(patient(t), tx))
	require.Equal(t, v.NextUID(), a.UID())
	require.NoError(t, l.Upkeep(patient(t)))
}

// agreeModSeqs compares modification sequences, which Dovecot keeps once it was
// asked for them.
func (d *dovecot) agreeModSeqs(x *Index) {
	t := d.t
	t.Helper()
	highest := d.status("INBOX", "highestmodseq")
	list := d.fetch("INBOX")
	require.NoError(t, x.Refresh(patient(t)))
	v := viewOf(t, x)
	require.Equal(t, highest, v.ModSeq())
	field := v.Field("modseq")
	for i, m := range messages(t, v) {
		if own := m.Ext(field); len(own) == 8 && u32(own) != 0 {
			require.EqualValues(t, list[i].modSeq, u32(own), "uid %d", m.UID)
		}
	}
}

// TestDovecotMeetsRequests: Dovecot expunges what we ask for.
func TestDovecotMeetsRequests(t *testing.T) {
	for _, format := range []string{"sdbox", "mdbox"} {
		t.Run(format, func(t *testing.T) {
			d := startDovecot(t, format)
			fs := openFS(t, nil)
			for range 3 {
				d.save("INBOX")
			}
			x := d.open(fs, "INBOX", Limits{})
			tx := &Transaction{}
			tx.RequestExpunge(Expunge{UID: 2})
			require.NoError(t, x.Commit(patient(t), tx))
			requests, err := viewOf(t, x).Requested(patient(t))
			require.NoError(t, err)
			require.Equal(t, []Expunge{{UID: 2}}, requests)
			d.run("flags", "add", `\Seen`, "mailbox", "INBOX", "uid", "1")
			d.agree(x, "INBOX")
			require.Equal(t, 2, viewOf(t, x).Count())
			requests, err = viewOf(t, x).Requested(patient(t))
			require.NoError(t, err)
			require.Empty(t, requests)
		})
	}
}

// TestDovecotHeader: Dovecot takes over what we write into the header.
func TestDovecotHeader(t *testing.T) {
	d := startDovecot(t, "sdbox")
	d.save("INBOX")
	x := d.open(openFS(t, nil), "INBOX", Limits{})
	tx := &Transaction{}
	tx.SetNextUID(100)
	tx.SetFirstRecentUID(2)
	require.NoError(t, x.Commit(patient(t), tx))
	require.EqualValues(t, 100, d.status("INBOX", "uidnext"))
	require.EqualValues(t, 0, d.status("INBOX", "recent"))
	d.save("INBOX")
	d.agree(x, "INBOX")
	require.EqualValues(t, 101, viewOf(t, x).NextUID())
}

// TestDovecotWritesToo: both change flags of their own messages at the same
// time, rotating as often as they can, and no change is lost.
func TestDovecotWritesToo(t *testing.T) {
	for _, format := range []string{"sdbox", "mdbox"} {
		t.Run(format, func(t *testing.T) {
			d := startDovecot(t, format, tiny...)
			fs := openFS(t, nil)
			const count = 4
			for range count {
				d.save("INBOX")
			}
			x := d.open(fs, "INBOX", ownTiny)
			const rounds = 20
			theirs := make(chan string, 1)
			go func() {
				log := ""
				for i := range rounds {
					_, complaint, err := d.try("", "flags", "add", "d"+strconv.Itoa(i), "mailbox", "INBOX", "uid", fmt.Sprint(1+i%count))
					if log += complaint; err != nil {
						log += err.Error()
					}
				}
				theirs <- log
			}()
			done := 0
			for running := true; running; done++ {
				select {
				case log := <-theirs:
					require.Empty(t, log, "Dovecot complains")
					running = false
				default:
				}
				tx := &Transaction{}
				uid := uint32(1 + done%count)
				tx.AddKeyword(UIDRange{uid, uid}, "w"+strconv.Itoa(done%500))
				require.NoError(t, x.Commit(patient(t), tx))
			}
			require.Greater(t, done, rounds)
			d.agree(x, "INBOX")
			v := viewOf(t, x)
			has := map[string]bool{}
			for _, m := range messages(t, v) {
				for _, name := range m.Keywords() {
					has[fmt.Sprint(m.UID, name)] = true
				}
			}
			for i := range rounds {
				require.True(t, has[fmt.Sprint(1+i%count, "d"+strconv.Itoa(i))], "Dovecot's change %d is lost", i)
			}
			for i := range done {
				require.True(t, has[fmt.Sprint(1+i%count, "w"+strconv.Itoa(i%500))], "our change %d is lost", i)
			}
			t.Logf("%d changes beside %d of Dovecot", done, rounds)
		})
	}
}
