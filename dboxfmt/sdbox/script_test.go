package sdbox

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/dboxfmt/storetest"
	"github.com/ringbox/ringbox/fsapi"
)

// SDBOX_SCRIPT_STEPS makes the scripts longer; SDBOX_SCRIPT_SEED runs one of
// them.
const (
	stepsVariable = "SDBOX_SCRIPT_STEPS"
	seedVariable  = "SDBOX_SCRIPT_SEED"
)

// Random steps, some done by this package and some by Dovecot, on one store:
// after each both see the same.
func TestScriptWithDovecot(t *testing.T) {
	for i, kind := range []fsapi.BackendKind{fsapi.URing, fsapi.ThreadPool} {
		t.Run(string(kind), func(t *testing.T) {
			d := newDovecot(t)
			seed := storetest.Setting(t, seedVariable, time.Now().UnixNano()+int64(i))
			t.Logf("%s=%d", seedVariable, seed)
			steps := int(storetest.Setting(t, stepsVariable, 50))
			x := openStore(t, Options{FS: newFS(t, kind, fsapi.SyncNever), Root: d.Root, Alt: d.Alt, Version: 2, Logger: quiet,
				// Small ones, so that logs are rotated and indexes rewritten.
				Limits: mailindex.Limits{RotateMinSize: 4 << 10, RotateMaxSize: 8 << 10, RotateMinAge: time.Nanosecond, RewriteMin: 1 << 10, RewriteMax: 2 << 10},
			})
			var cancel context.CancelFunc
			x.ctx, cancel = context.WithTimeout(context.Background(), time.Hour) // long scripts take their time
			defer cancel()
			(&script{fixture: x, dovecot: d, random: rand.New(rand.NewSource(seed)), exists: []string{"INBOX"}}).play(steps)
		})
	}
}

type script struct {
	*fixture
	dovecot *dovecot
	random  *rand.Rand
	exists  []string
	saved   int
	history []string
}

func (s *script) play(steps int) {
	s.open("INBOX")
	defer func() {
		if s.t.Failed() {
			s.t.Logf("steps:\n%s", strings.Join(s.history, "\n"))
		}
	}()
	for range steps {
		s.step()
		s.compare()
	}
}

// compare checks that both see the same, in both orders of looking.
func (s *script) compare() {
	s.t.Helper()
	s.dovecot.Own()
	var ours, theirs []string
	if s.random.Intn(2) == 0 {
		ours, theirs = s.state(), s.dovecot.state()
	} else {
		theirs, ours = s.dovecot.state(), s.state()
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	require.Equal(s.t, theirs, ours, "after %s", s.history[len(s.history)-1])
}

func (s *script) step() {
	actors := []struct {
		name string
		actor
	}{{"ringbox", s.ours()}, {"dovecot", s.theirs()}}
	a := actors[s.random.Intn(2)]
	note := func(format string, args ...any) {
		s.history = append(s.history, fmt.Sprintf("%d %s: ", len(s.history), a.name)+fmt.Sprintf(format, args...))
	}
	box := s.anyBox()
	switch n := s.random.Intn(100); {
	case n < 30 || s.saved < 6:
		s.saved++
		body := fmt.Sprintf("Subject: %d\r\n\r\n%s", s.saved, strings.Repeat("line\r\n", s.random.Intn(40)))
		note("save to %s", box)
		a.save(box, body)
	case n < 50:
		uids, change := s.someUIDs(box), s.anyChange()
		note("flags of %v in %s: %+v", uids, box, change)
		a.flags(box, uids, change)
	case n < 60:
		uids, to := s.someUIDs(box), s.anyBox()
		note("copy %v from %s to %s", uids, box, to)
		a.copy(box, uids, to)
	case n < 68:
		uids, to := s.someUIDs(box), s.anyBox()
		note("move %v from %s to %s", uids, box, to)
		a.move(box, uids, to)
	case n < 78:
		uids := s.someUIDs(box)
		note("expunge %v in %s", uids, box)
		a.expunge(box, uids)
	case n < 86:
		uids, back := s.someUIDs(box), s.random.Intn(3) == 0
		note("altmove %v in %s, back %v", uids, box, back)
		a.altMove(box, uids, back)
	case n < 91:
		name := []string{"a", "a/b", "Entwürfe", "x/y/z"}[s.random.Intn(4)]
		if !slices.Contains(s.exists, name) {
			note("create %s", name)
			a.create(name)
			s.exists = append(s.exists, name)
			break
		}
		note("delete %s", name)
		a.delete(name)
		s.exists = slices.DeleteFunc(s.exists, func(n string) bool { return n == name })
	case n < 94:
		s.rename(a.actor, note)
	case n < 97:
		s.requests(a.actor, box, note)
	case n < 99:
		on := s.random.Intn(2) == 0
		note("subscribe %s: %v", box, on)
		a.subscribe(box, on)
	default:
		note("force-resync %s", box)
		s.resync(box)
	}
	if len(s.history) == 0 || !strings.HasPrefix(s.history[len(s.history)-1], fmt.Sprint(len(s.history)-1)) {
		note("nothing")
	}
}

func (s *script) rename(a actor, note func(string, ...any)) {
	from := s.anyBox()
	to := fmt.Sprintf("r%d/%d", s.random.Intn(3), len(s.history))
	if from == "INBOX" {
		note("nothing")
		return
	}
	note("rename %s to %s", from, to)
	a.rename(from, to)
	for i, name := range s.exists {
		if name == from || strings.HasPrefix(name, from+"/") {
			s.exists[i] = to + strings.TrimPrefix(name, from)
		}
	}
}

// requests are what a Dovecot that has died had still to do, and another one or
// this package does when it changes something.
func (s *script) requests(a actor, box string, note func(string, ...any)) {
	var expunge, toAlt, back []uint32
	entries, err := s.open(box).Entries(s.ctx)
	require.NoError(s.t, err)
	for _, uid := range s.someUIDs(box) {
		e, _, err := entries.ByUID(s.ctx, uid)
		require.NoError(s.t, err)
		switch {
		case s.random.Intn(3) == 0:
			expunge = append(expunge, uid)
		case e.Alt:
			back = append(back, uid)
		default:
			toAlt = append(toAlt, uid)
		}
	}
	note("requests in %s: expunge %v, to the alternate storage %v, back %v", box, expunge, toAlt, back)
	s.leaveRequests(box, expunge, toAlt, back)
	a.save(box, "Subject: somebody goes on\r\n\r\n")
}

func (s *script) anyBox() string { return s.exists[s.random.Intn(len(s.exists))] }

// someUIDs returns a few UIDs of a mailbox.
func (s *script) someUIDs(box string) (uids []uint32) {
	entries, err := s.open(box).Entries(s.ctx)
	require.NoError(s.t, err)
	for range min(entries.Len(), 1+s.random.Intn(4)) {
		e, err := entries.At(s.ctx, s.random.Intn(entries.Len()))
		require.NoError(s.t, err)
		uids = append(uids, e.UID)
	}
	slices.Sort(uids)
	return slices.Compact(uids)
}

func (s *script) anyChange() (c mailstore.FlagChange) {
	flags := func() mailstore.Flags { return mailstore.Flags(s.random.Intn(32)) }
	keywords := func() (names []string) {
		for _, name := range []string{"one", "two", "three", "Four", "$five"} {
			if s.random.Intn(4) == 0 {
				names = append(names, name)
			}
		}
		return names
	}
	switch s.random.Intn(3) {
	case 0:
		c.Replace = true
		fallthrough
	case 1:
		c.Add, c.AddKeywords = flags(), keywords()
	default:
		c.Remove, c.RemoveKeywords = flags(), keywords()
	}
	return c
}

// resync makes Dovecot rebuild the index of a mailbox, of which it says so.
func (s *script) resync(box string) {
	s.dovecot.Own()
	_, complaints, err := s.dovecot.Try("", "force-resync", box)
	require.NoError(s.t, err, complaints)
	for line := range strings.Lines(complaints) {
		require.Contains(s.t, line, "Rebuilding index", "force-resync")
	}
	require.NoError(s.t, os.Truncate(s.dovecot.Dir+"/log", 0))
}

// actor is who does the steps of a script.
type actor interface {
	save(box, body string)
	flags(box string, uids []uint32, c mailstore.FlagChange)
	copy(box string, uids []uint32, to string)
	move(box string, uids []uint32, to string)
	expunge(box string, uids []uint32)
	altMove(box string, uids []uint32, back bool)
	create(name string)
	delete(name string)
	rename(from, to string)
	subscribe(name string, on bool)
}

func (s *script) ours() actor   { return ours{s.fixture} }
func (s *script) theirs() actor { return theirs{s.dovecot} }

type ours struct{ x *fixture }

func (o ours) save(box, body string) {
	save(o.x.t, o.x.open(box), mailstore.SaveOptions{Flags: mailstore.Flagged, Keywords: []string{"ours"}}, body)
}

func (o ours) flags(box string, uids []uint32, c mailstore.FlagChange) {
	o.must(o.x.open(box).SetFlags(o.x.ctx, uids, c))
}

func (o ours) copy(box string, uids []uint32, to string) {
	_, err := o.x.open(box).Copy(o.x.ctx, uids, o.x.open(to))
	o.must(err)
}

func (o ours) move(box string, uids []uint32, to string) {
	_, err := o.x.open(box).Move(o.x.ctx, uids, o.x.open(to))
	o.must(err)
}

func (o ours) expunge(box string, uids []uint32) { o.must(o.x.open(box).Expunge(o.x.ctx, uids)) }

func (o ours) altMove(box string, uids []uint32, back bool) {
	o.must(o.x.open(box).AltMove(o.x.ctx, uids, back))
}

func (o ours) create(name string)             { o.must(o.x.Create(o.x.ctx, name)) }
func (o ours) delete(name string)             { o.must(o.x.Delete(o.x.ctx, name)) }
func (o ours) rename(from, to string)         { o.must(o.x.Rename(o.x.ctx, from, to)) }
func (o ours) subscribe(name string, on bool) { o.must(o.x.Subscribe(o.x.ctx, name, on)) }

func (o ours) must(err error) {
	o.x.t.Helper()
	require.NoError(o.x.t, err)
}

// theirs is Dovecot.
type theirs struct{ d *dovecot }

func (a theirs) do(input string, args ...string) {
	a.d.T.Helper()
	a.d.Own()
	a.d.Run(input, args...)
}

// query selects messages.
func query(box string, uids []uint32) []string {
	var set []string
	for _, uid := range uids {
		set = append(set, strconv.Itoa(int(uid)))
	}
	return []string{"mailbox", box, "uid", strings.Join(set, ",")}
}

func (a theirs) save(box, body string) { a.do(body, "save", "-m", box) }

func (a theirs) flags(box string, uids []uint32, c mailstore.FlagChange) {
	if len(uids) == 0 {
		return
	}
	verb, list := "add", append(strings.Fields(c.Add.String()), c.AddKeywords...)
	switch {
	case c.Replace:
		verb = "replace"
	case c.Remove != 0 || len(c.RemoveKeywords) > 0:
		verb, list = "remove", append(strings.Fields(c.Remove.String()), c.RemoveKeywords...)
	}
	if len(list) == 0 && verb != "replace" {
		return
	}
	a.do("", append([]string{"flags", verb, strings.Join(list, " ")}, query(box, uids)...)...)
}

func (a theirs) copy(box string, uids []uint32, to string) {
	if len(uids) > 0 {
		a.do("", append([]string{"copy", to}, query(box, uids)...)...)
	}
}

func (a theirs) move(box string, uids []uint32, to string) {
	if len(uids) > 0 {
		a.do("", append([]string{"move", to}, query(box, uids)...)...)
	}
}

func (a theirs) expunge(box string, uids []uint32) {
	if len(uids) > 0 {
		a.do("", append([]string{"expunge"}, query(box, uids)...)...)
	}
}

func (a theirs) altMove(box string, uids []uint32, back bool) {
	args := []string{"altmove"}
	if back {
		args = append(args, "-r")
	}
	if len(uids) > 0 {
		a.do("", append(args, query(box, uids)...)...)
	}
}

func (a theirs) create(name string)     { a.do("", "mailbox", "create", name) }
func (a theirs) delete(name string)     { a.do("", "mailbox", "delete", name) }
func (a theirs) rename(from, to string) { a.do("", "mailbox", "rename", from, to) }

func (a theirs) subscribe(name string, on bool) {
	verb := "unsubscribe"
	if on {
		verb = "subscribe"
	}
	a.d.Own()
	_, complaints, err := a.d.Try("", "mailbox", verb, name)
	if err != nil && !on {
		err = errors.New(strings.TrimSpace(complaints))
	}
	require.NoError(a.d.T, err, complaints)
}

// Dovecot sees POP3 keys, also those of copies, whatever its index said before.
// (Its own copies hide them; hence no such messages in the scripts.)
func TestPOP3KeysWithDovecot(t *testing.T) {
	d := newDovecot(t)
	x := openStore(t, Options{FS: newFS(t, fsapi.ThreadPool, fsapi.SyncNever), Root: d.Root, Alt: d.Alt, Version: 2, Logger: quiet})
	d.Own()
	d.Run("1\n", "save", "-m", "INBOX") // notes that no message has such keys
	m := x.open("INBOX")
	save(t, m, mailstore.SaveOptions{POP3UIDL: "one two", POP3Order: 12}, "2")
	_, err := m.Copy(x.ctx, []uint32{2}, m)
	require.NoError(t, err)
	_, err = m.Copy(x.ctx, []uint32{2}, x.create("other"))
	require.NoError(t, err)
	d.Own()
	want := x.state()
	slices.Sort(want)
	got := d.state()
	slices.Sort(got)
	require.Equal(t, want, got)
	require.Equal(t, 3, strings.Count(strings.Join(got, "\n"), `pop3 "one two" "12"`))
}
