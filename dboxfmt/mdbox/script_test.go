package mdbox

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/dboxfmt/storetest"
	"github.com/ringbox/ringbox/fsapi"
)

// MDBOX_SCRIPT_STEPS makes the scripts longer, MDBOX_SCRIPT_SEED repeats one.
const (
	stepsVariable = "MDBOX_SCRIPT_STEPS"
	seedVariable  = "MDBOX_SCRIPT_SEED"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// smallLimits make index logs rotate and main indexes be written often.
var smallLimits = mailindex.Limits{
	RotateMinSize: 4 << 10, RotateMaxSize: 8 << 10, RotateMinAge: time.Nanosecond, RewriteMin: 1 << 10, RewriteMax: 2 << 10,
}

// Random steps, some by this package and some by Dovecot, on one store: after
// each both see the same, and Dovecot has nothing to complain about.
func TestScriptWithDovecot(t *testing.T) {
	for i, kind := range []string{"uring", "threadpool"} {
		t.Run(kind, func(t *testing.T) {
			d := newDovecot(t, "mdbox_rotate_size=3k", "mail_index_log_rotate_min_size=4k", "mail_index_log_rotate_max_size=8k",
				"mail_index_log_rotate_min_age=1s", "mail_index_rewrite_min_log_bytes=1k", "mail_index_rewrite_max_log_bytes=2k")
			require.NoError(t, os.MkdirAll(d.Alt, 0o755))
			seed := storetest.Setting(t, seedVariable, time.Now().UnixNano()+int64(i))
			t.Logf("%s=%d", seedVariable, seed)
			x := newStore(t, Options{
				FS: newFS(t, engines[kind](t), fsapi.SyncNever), Root: d.Root, Alt: d.Alt, Version: 2, RotateSize: 3 << 10,
				Limits: smallLimits, Logger: quiet,
			})
			s := &script{t: t, x: x, d: d, random: rand.New(rand.NewSource(seed)), exists: []string{"INBOX"}}
			s.play(int(storetest.Setting(t, stepsVariable, 60)))
		})
	}
}

type script struct {
	t       testing.TB
	x       *store
	d       *dovecot
	random  *rand.Rand
	exists  []string
	saved   int
	history []string
}

func (s *script) play(steps int) {
	defer func() {
		if s.t.Failed() {
			s.t.Logf("steps:\n%s", strings.Join(s.history, "\n"))
		}
	}()
	require.NoError(s.t, s.x.box("INBOX").SetFlags(ctx, []uint32{1}, mailstore.FlagChange{Add: mailstore.Seen}))
	for range steps {
		s.step()
		s.compare()
	}
}

func (s *script) compare() {
	s.t.Helper()
	var ours, theirs []string
	if s.random.Intn(2) == 0 {
		ours, theirs = s.x.state(), s.d.state()
	} else {
		theirs, ours = s.d.state(), s.x.state()
	}
	last := s.history[len(s.history)-1]
	require.Equal(s.t, theirs, ours, "after %s", last)
	require.Empty(s.t, s.x.problems(), "after %s", last)
}

// step does something by one of the two.
func (s *script) step() {
	var who actor = ours{s.x}
	if s.random.Intn(2) == 0 {
		who = theirs{s.d}
	}
	did := s.do(who)
	s.history = append(s.history, fmt.Sprintf("%d: %T %s", len(s.history), who, did))
}

func (s *script) do(who actor) string {
	box := s.anyBox()
	switch n := s.random.Intn(100); {
	case n < 35 || s.saved < 8:
		s.saved++
		who.save(box, fmt.Sprintf("Subject: %d\r\n\r\n%s", s.saved, strings.Repeat("line\r\n", s.random.Intn(60))))
		return fmt.Sprintf("save %d to %s", s.saved, box)
	case n < 45:
		uids, change := s.someUIDs(box), s.anyChange()
		who.flags(box, uids, change)
		return fmt.Sprintf("flags of %v in %s: %+v", uids, box, change)
	case n < 55:
		uids, to := s.someUIDs(box), s.anyBox()
		who.copy(box, uids, to)
		return fmt.Sprintf("copy %v from %s to %s", uids, box, to)
	case n < 62:
		uids, to := s.someUIDs(box), s.anyBox()
		who.move(box, uids, to)
		return fmt.Sprintf("move %v from %s to %s", uids, box, to)
	case n < 74:
		uids := s.someUIDs(box)
		who.expunge(box, uids)
		return fmt.Sprintf("expunge %v in %s", uids, box)
	case n < 84:
		who.purge()
		return "purge"
	case n < 91:
		uids, back := s.someUIDs(box), s.random.Intn(3) == 0
		who.altMove(box, uids, back)
		return fmt.Sprintf("altmove %v in %s, back %v", uids, box, back)
	case n < 96:
		return s.changeList(who)
	default:
		s.resync()
		return "force-resync"
	}
}

func (s *script) changeList(who actor) string {
	name := []string{"a", "a/b", "Entwürfe", "x/y/z"}[s.random.Intn(4)]
	if !slices.Contains(s.exists, name) {
		who.create(name)
		s.exists = append(s.exists, name)
		return "create " + name
	}
	s.exists = slices.DeleteFunc(s.exists, func(n string) bool { return n == name })
	if to := fmt.Sprint("renamed ", len(s.history)); s.random.Intn(2) == 0 && name != "a" {
		who.rename(name, to)
		s.exists = append(s.exists, to)
		return "rename " + name + " to " + to
	}
	who.delete(name)
	return "delete " + name
}

func (s *script) anyBox() string { return s.exists[s.random.Intn(len(s.exists))] }

func (s *script) someUIDs(name string) (uids []uint32) {
	entries, err := s.x.box(name).Entries(ctx)
	require.NoError(s.t, err)
	for range min(entries.Len(), 1+s.random.Intn(4)) {
		e, err := entries.At(ctx, s.random.Intn(entries.Len()))
		require.NoError(s.t, err)
		uids = append(uids, e.UID)
	}
	slices.Sort(uids)
	return slices.Compact(uids)
}

func (s *script) anyChange() (c mailstore.FlagChange) {
	var keywords []string
	for _, name := range []string{"one", "two", "three", "Four", "$five"} {
		if s.random.Intn(4) == 0 {
			keywords = append(keywords, name)
		}
	}
	flags := mailstore.Flags(s.random.Intn(32))
	switch s.random.Intn(3) {
	case 0:
		return mailstore.FlagChange{Replace: true, Add: flags, AddKeywords: keywords}
	case 1:
		return mailstore.FlagChange{Add: flags, AddKeywords: keywords}
	default:
		return mailstore.FlagChange{Remove: flags, RemoveKeywords: keywords}
	}
}

// resync makes Dovecot rebuild everything, and it says so.
func (s *script) resync() {
	s.d.Own()
	_, complaints, err := s.d.Try("", "force-resync", "INBOX")
	require.NoError(s.t, err, complaints)
	for _, line := range s.d.Complaints() {
		if !strings.Contains(line, "rebuilding indexes") && !strings.Contains(line, "fscking index file") {
			require.Fail(s.t, "force-resync", line)
		}
	}
	require.NoError(s.t, os.Truncate(filepath.Join(s.d.Dir, "log"), 0))
}

// actor is who does the steps.
type actor interface {
	save(box, body string)
	flags(box string, uids []uint32, c mailstore.FlagChange)
	copy(box string, uids []uint32, to string)
	move(box string, uids []uint32, to string)
	expunge(box string, uids []uint32)
	altMove(box string, uids []uint32, back bool)
	purge()
	create(name string)
	delete(name string)
	rename(from, to string)
}

// ours is this package.
type ours struct{ x *store }

func (o ours) save(box, body string) {
	save(o.x.t, o.x.box(box), mailstore.SaveOptions{Flags: mailstore.Flagged, Keywords: []string{"ours"}}, body)
}

func (o ours) flags(box string, uids []uint32, c mailstore.FlagChange) {
	require.NoError(o.x.t, o.x.box(box).SetFlags(ctx, uids, c))
}

func (o ours) copy(box string, uids []uint32, to string) {
	_, err := o.x.box(box).Copy(ctx, uids, o.x.box(to))
	require.NoError(o.x.t, err)
}

func (o ours) move(box string, uids []uint32, to string) {
	_, err := o.x.box(box).Move(ctx, uids, o.x.box(to))
	require.NoError(o.x.t, err)
}

func (o ours) expunge(box string, uids []uint32) {
	require.NoError(o.x.t, o.x.box(box).Expunge(ctx, uids))
}

func (o ours) altMove(box string, uids []uint32, back bool) {
	require.NoError(o.x.t, o.x.box(box).AltMove(ctx, uids, back))
}

func (o ours) purge() {
	_, err := o.x.Purge(ctx)
	require.NoError(o.x.t, err)
}

func (o ours) create(name string)     { require.NoError(o.x.t, o.x.Create(ctx, name)) }
func (o ours) delete(name string)     { require.NoError(o.x.t, o.x.Delete(ctx, name)) }
func (o ours) rename(from, to string) { require.NoError(o.x.t, o.x.Rename(ctx, from, to)) }

// theirs is Dovecot.
type theirs struct{ d *dovecot }

// on runs a command on some messages.
func (a theirs) on(box string, uids []uint32, args ...string) {
	a.d.T.Helper()
	if len(uids) > 0 {
		set := strings.Trim(strings.ReplaceAll(fmt.Sprint(uids), " ", ","), "[]")
		a.d.Run("", append(args, "mailbox", box, "uid", set)...)
	}
}

func (a theirs) save(box, body string) { a.d.Run(body, "save", "-m", box) }

func (a theirs) flags(box string, uids []uint32, c mailstore.FlagChange) {
	verb, flags, keywords := "add", c.Add, c.AddKeywords
	switch {
	case c.Replace:
		verb = "replace"
	case c.Remove != 0 || len(c.RemoveKeywords) > 0:
		verb, flags, keywords = "remove", c.Remove, c.RemoveKeywords
	}
	if list := append(strings.Fields(flags.String()), keywords...); len(list) > 0 || c.Replace {
		a.on(box, uids, "flags", verb, strings.Join(list, " "))
	}
}

func (a theirs) copy(box string, uids []uint32, to string) { a.on(box, uids, "copy", to) }
func (a theirs) move(box string, uids []uint32, to string) { a.on(box, uids, "move", to) }
func (a theirs) expunge(box string, uids []uint32)         { a.on(box, uids, "expunge") }
func (a theirs) purge()                                    { a.d.Run("", "purge") }
func (a theirs) create(name string)                        { a.d.Run("", "mailbox", "create", name) }
func (a theirs) delete(name string)                        { a.d.Run("", "mailbox", "delete", name) }
func (a theirs) rename(from, to string)                    { a.d.Run("", "mailbox", "rename", from, to) }

func (a theirs) altMove(box string, uids []uint32, back bool) {
	if back {
		a.on(box, uids, "altmove", "-r")
	} else {
		a.on(box, uids, "altmove")
	}
}

// Dovecot sees the POP3 keys of messages and of copies, whatever its index has
// said before.
func TestPOP3KeysWithDovecot(t *testing.T) {
	d := newDovecot(t)
	x := newStore(t, Options{FS: newFS(t, engines["threadpool"](t), fsapi.SyncNever), Root: d.Root, Alt: d.Alt, Version: 2, Logger: quiet})
	d.Run("1\n", "save", "-m", "INBOX") // Dovecot notes that there are none
	in := x.box("INBOX")
	save(t, in, mailstore.SaveOptions{POP3UIDL: "one two", POP3Order: 12}, "2\n")
	_, err := in.Copy(ctx, []uint32{2}, x.create("other"))
	require.NoError(t, err)
	require.Equal(t, d.state(), x.state())
	require.Equal(t, 2, strings.Count(strings.Join(d.state(), "\n"), `pop3 "one two" "12"`))
}

// What others have asked Dovecot to expunge is expunged along with the rest.
func TestRequestsToExpunge(t *testing.T) {
	x := newStore(t, Options{})
	b := x.box("INBOX")
	save(t, b, mailstore.SaveOptions{}, "1", "2", "3")
	x.changeBox("INBOX", func(t *mailindex.Transaction) { t.RequestExpunge(mailindex.Expunge{UID: 2}) })
	require.Len(t, contents(t, b), 3)
	require.NoError(t, b.Expunge(ctx, []uint32{9}))
	require.Equal(t, []string{`1 "1"`, `3 "3"`}, contents(t, b))
	require.Empty(t, x.problems())
}
