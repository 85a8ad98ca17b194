package mailindex

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// model is an index as simple as can be.
type model struct {
	next uint32
	list []*modelMessage
}

type modelMessage struct {
	uid      uint32
	flags    Flags
	keywords map[string]bool
	ref      uint16
	data     string
}

func (m *model) each(u UIDRange, fn func(*modelMessage)) {
	for _, msg := range m.list {
		if msg.uid >= u.First && msg.uid <= u.Last {
			fn(msg)
		}
	}
}

// change does something by chance to the model and to a transaction.
func (m *model) change(rng *rand.Rand, tx *Transaction) {
	u := m.someUIDs(rng)
	extra := Extension{fmt.Sprint("x", rng.Intn(4)), 0, []int{1, 2, 4, 8}[rng.Intn(4)], 1}
	switch rng.Intn(12) {
	case 0, 1:
		add, remove := Flags(rng.Intn(32)), Flags(rng.Intn(32))
		tx.SetFlags(u, add, remove)
		m.each(u, func(msg *modelMessage) { msg.flags = msg.flags&^remove | add })
	case 2, 3:
		name := fmt.Sprint("kw", rng.Intn(20))
		tx.AddKeyword(u, name)
		m.each(u, func(msg *modelMessage) { msg.keywords[name] = true })
	case 4:
		name := fmt.Sprint("kw", rng.Intn(20))
		tx.RemoveKeyword(u, name)
		m.each(u, func(msg *modelMessage) { delete(msg.keywords, name) })
	case 5:
		if rng.Intn(4) == 0 {
			tx.ResetKeywords(u)
			m.each(u, func(msg *modelMessage) { clear(msg.keywords) })
		}
	case 6, 7:
		for range rng.Intn(30) {
			uid := 1 + uint32(rng.Intn(int(m.next)))
			tx.Expunge(Expunge{UID: uid})
			m.list = slices.DeleteFunc(m.list, func(msg *modelMessage) bool { return msg.uid == uid })
		}
	case 8:
		uid := u.First
		tx.Increment(extRef, uid, 3)
		m.each(UIDRange{uid, uid}, func(msg *modelMessage) { msg.ref += 3 })
	case 9:
		uid, data := u.First, fmt.Sprint(rng.Intn(100))
		tx.SetExt(extGUID, uid, []byte(data))
		m.each(UIDRange{uid, uid}, func(msg *modelMessage) { msg.data = data })
	case 10:
		tx.SetExt(extra, u.First, []byte{1}) // changes the layout now and then
	case 11:
		// What a transaction sets comes after what it resets, in whatever order it
		// was told.
		sets := slices.ContainsFunc(tx.exts, func(c *extChange) bool { return c.Name == extGUID.Name && len(c.values) > 0 })
		if rng.Intn(8) == 0 && !sets {
			tx.ResetExt(extGUID, rng.Uint32(), false)
			for _, msg := range m.list {
				msg.data = ""
			}
		}
	}
}

func (m *model) someUIDs(rng *rand.Rand) UIDRange {
	first := 1 + uint32(rng.Intn(int(m.next)))
	switch rng.Intn(12) {
	case 0:
		return UIDRange{1, 1<<32 - 1}
	case 1:
		return UIDRange{first, first + uint32(rng.Intn(5000))}
	}
	return UIDRange{first, first + uint32(rng.Intn(4))}
}

func (m *model) append(rng *rand.Rand, tx *Transaction, n int) {
	for range n {
		if rng.Intn(10) == 0 {
			m.next += uint32(rng.Intn(1000))
		}
		msg := &modelMessage{uid: m.next, flags: Flags(rng.Intn(32)), keywords: map[string]bool{}, ref: 1, data: "new"}
		a := tx.AppendUID(msg.uid, msg.flags)
		a.SetExt(extRef, []byte{1, 0})
		a.SetExt(extGUID, []byte(msg.data))
		m.list = append(m.list, msg)
		m.next++
	}
}

func (m *model) lines() (lines []string) {
	for _, msg := range m.list {
		var names []string
		for name := range msg.keywords {
			names = append(names, name)
		}
		lines = append(lines, fmt.Sprint(msg.uid, msg.flags, sorted(names), msg.ref, msg.data))
	}
	return lines
}

func viewLines(t *testing.T, v *View) (lines []string) {
	ref, guid := v.Field("ref"), v.Field("guid")
	for _, m := range messages(t, v) {
		data := m.Ext(guid)
		for len(data) > 0 && data[len(data)-1] == 0 {
			data = data[:len(data)-1]
		}
		lines = append(lines, fmt.Sprint(m.UID, m.Flags, sorted(m.Keywords()), u16(m.Ext(ref)), string(data)))
	}
	return lines
}

// check compares a view with the model in every way that views can be asked.
func (m *model) check(t *testing.T, rng *rand.Rand, v *View) {
	require.Equal(t, m.lines(), viewLines(t, v))
	require.Equal(t, m.next, v.NextUID())
	seen := uint32(0)
	for _, msg := range m.list {
		seen += msg.flags.number(Seen)
	}
	require.Equal(t, seen, v.Header().Seen)
	for range 50 {
		uid := uint32(rng.Intn(int(m.next) + 3))
		at, there := slices.BinarySearchFunc(m.list, uid, func(msg *modelMessage, uid uint32) int { return int(msg.uid) - int(uid) })
		seq, err := v.From(patient(t), uid)
		require.NoError(t, err)
		require.Equal(t, at+1, seq, "uid %d", uid)
		_, err = v.Find(patient(t), uid)
		if there {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, ErrNoMessage)
		}
	}
}

// TestModel does by chance what can be done, on small and large indexes, with
// main indexes and rotations in between, and compares each time: an index that
// writes, one that follows, one that is opened, and views of before.
func TestModel(t *testing.T) {
	for _, c := range []struct {
		name      string
		n, rounds int
	}{{"small", 20, 40}, {"large", 6000, 12}} {
		t.Run(c.name, func(t *testing.T) {
			rng := seeded(t)
			fs := openFS(t, nil)
			dir := t.TempDir()
			limits := Limits{RotateMaxSize: 20000, RewriteMin: 3000, RewriteMax: 9000}
			x := openIndex(t, fs, dir, "dovecot.index", Options{Create: true, Limits: limits})
			m := &model{next: 1}
			tx := &Transaction{}
			tx.SetUIDValidity(7)
			m.append(rng, tx, c.n)
			require.NoError(t, x.Commit(patient(t), tx))
			follower := openIndex(t, fs, dir, "dovecot.index", Options{})
			var old *View
			var oldLines []string
			for range c.rounds {
				for range 1 + rng.Intn(6) {
					tx := &Transaction{}
					if rng.Intn(3) == 0 {
						m.append(rng, tx, 1+rng.Intn(40))
					} else {
						m.change(rng, tx)
					}
					require.NoError(t, x.Commit(patient(t), tx))
				}
				m.check(t, rng, viewOf(t, x))
				require.NoError(t, follower.Refresh(patient(t)))
				m.check(t, rng, viewOf(t, follower))
				m.check(t, rng, viewOf(t, openIndex(t, fs, dir, "dovecot.index", Options{ReadOnly: true})))
				if old != nil {
					require.Equal(t, oldLines, viewLines(t, old), "an old view has changed")
				}
				if rng.Intn(3) == 0 {
					old, oldLines = viewOf(t, []*Index{x, follower}[rng.Intn(2)]), m.lines()
				}
			}
			require.FileExists(t, x.files.path)
			require.FileExists(t, x.files.log2)
		})
	}
}
