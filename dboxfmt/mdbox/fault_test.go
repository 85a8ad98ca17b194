package mdbox

import (
	"context"
	"fmt"
	"io"
	"math/rand"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/dboxfmt/storetest"
	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// tour is a series of operations, each of which is done or not done.
var tour = []struct {
	name string
	do   func(s *Store) error
	// after changes what the mailboxes hold; half is what may be there when the
	// operation fails, besides the states before and after it.
	after, half func(boxes map[string][]string)
}{
	{"save", func(s *Store) error { return deliver(s, "INBOX", "s1", "s2", strings.Repeat("s3", 35000)) },
		func(b map[string][]string) { b["INBOX"] = append(b["INBOX"], "s1", "s2", strings.Repeat("s3", 35000)) }, nil},
	{"save again", func(s *Store) error { return deliver(s, "Other", "s4") },
		func(b map[string][]string) { b["Other"] = append(b["Other"], "s4") }, nil},
	{"copy", func(s *Store) error { return transfer(s, (*mailbox).Copy, "INBOX", "Other", "a", "s1") },
		func(b map[string][]string) { b["Other"] = append(b["Other"], "a", "s1") }, nil},
	{"move", func(s *Store) error { return transfer(s, (*mailbox).Move, "Other", "INBOX", "s4", "s1") },
		func(b map[string][]string) {
			b["INBOX"] = append(b["INBOX"], "s4", "s1")
			b["Other"] = without(b["Other"], "s4", "s1")
		},
		func(b map[string][]string) { b["INBOX"] = append(b["INBOX"], "s4", "s1") }},
	{"expunge", func(s *Store) error { return expunge(s, "INBOX", "b", "s1", "s4") },
		func(b map[string][]string) { b["INBOX"] = without(b["INBOX"], "b", "s1", "s4") }, nil},
	{"purge", func(s *Store) error { _, err := s.Purge(ctx); return err }, nil, nil},
	{"altmove", func(s *Store) error { return altMove(s, "INBOX", "s2") }, nil, nil},
	{"save to last", func(s *Store) error { return deliver(s, "INBOX", "s5") },
		func(b map[string][]string) { b["INBOX"] = append(b["INBOX"], "s5") }, nil},
}

func without(list []string, gone ...string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(gone, s) })
}

func withBox(s *Store, name string, do func(b *mailbox) error) error {
	b, err := s.openBox(ctx, name)
	if err != nil {
		return err
	}
	defer b.Close()
	return do(b)
}

func deliver(s *Store, name string, bodies ...string) error {
	return withBox(s, name, func(b *mailbox) error {
		tx := b.Begin()
		for _, body := range bodies {
			if err := tx.Save(ctx, strings.NewReader(body), mailstore.SaveOptions{Keywords: []string{"k"}}); err != nil {
				return fmt.Errorf("%w; %w", err, tx.Rollback())
			}
		}
		_, err := tx.Commit(ctx)
		return err
	})
}

// named returns the uids of messages with these bodies.
func named(b *mailbox, bodies []string) (uids []uint32, err error) {
	for m, err := range b.Fetch(ctx, nil, mailstore.FetchOptions{Verify: true}) {
		if err != nil {
			return nil, err
		}
		body, err := m.Body(ctx)
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(body)
		if err != nil {
			return nil, err
		}
		if slices.Contains(bodies, string(text)) {
			uids = append(uids, m.UID)
		}
	}
	return uids, nil
}

func transfer(s *Store, how func(*mailbox, context.Context, []uint32, mailstore.Mailbox) ([]uint32, error), from, to string, bodies ...string) error {
	return withBox(s, from, func(b *mailbox) error {
		return withBox(s, to, func(target *mailbox) error {
			uids, err := named(b, bodies)
			if err == nil {
				_, err = how(b, ctx, uids, target)
			}
			return err
		})
	})
}

func expunge(s *Store, name string, bodies ...string) error {
	return withBox(s, name, func(b *mailbox) error {
		uids, err := named(b, bodies)
		if err == nil {
			err = b.Expunge(ctx, uids)
		}
		return err
	})
}

func altMove(s *Store, name string, bodies ...string) error {
	return withBox(s, name, func(b *mailbox) error {
		uids, err := named(b, bodies)
		if err == nil {
			err = b.AltMove(ctx, uids, false)
		}
		return err
	})
}

// holds returns the bodies in each mailbox, sorted.
func holds(t *testing.T, s *Store) map[string][]string {
	held := map[string][]string{}
	for _, name := range []string{"INBOX", "Other"} {
		require.NoError(t, withBox(s, name, func(b *mailbox) error {
			for m, err := range b.Fetch(ctx, nil, mailstore.FetchOptions{Verify: true}) {
				require.NoError(t, err)
				body, err := m.Body(ctx)
				require.NoError(t, err)
				text, err := io.ReadAll(body)
				require.NoError(t, err)
				held[name] = append(held[name], string(text))
			}
			return nil
		}))
		slices.Sort(held[name])
	}
	return held
}

func cloned(boxes map[string][]string) map[string][]string {
	c := map[string][]string{}
	for name, list := range boxes {
		c[name] = slices.Sorted(slices.Values(list))
	}
	return c
}

// MDBOX_FAULT_STRIDE is 1 for a fault at every operation.
const strideVariable = "MDBOX_FAULT_STRIDE"

// Something goes wrong at each operation of the engine in turn: once, or from
// then on, as when the process dies. What was acknowledged is there, what was
// not is there or not, and nothing in between.
func TestFaults(t *testing.T) {
	for name, rule := range map[string]fault.Rule{
		"fails":            fault.Rule{}.Fail(syscall.EIO),
		"fails afterwards": fault.Rule{}.FailAfter(syscall.EIO),
		"dies":             fault.Rule{Times: fault.Always}.Fail(syscall.EIO),
	} {
		for _, version := range []int{2, 3} {
			t.Run(fmt.Sprintf("%s v%d", name, version), func(t *testing.T) {
				stride := int(storetest.Setting(t, strideVariable, 17))
				seed := storetest.Setting(t, seedVariable, time.Now().UnixNano())
				t.Logf("%s=%d", seedVariable, seed)
				hit := 0
				for at := rand.New(rand.NewSource(seed)).Intn(stride); ; at += stride {
					b := fault.Wrap(backend.NewSync(0))
					here := rule
					here.Skip = at
					f := b.Add(here)
					faulted(t, b, f, version)
					if f.Matched() <= at {
						break
					}
					hit++
				}
				t.Logf("%d faults", hit)
				require.Greater(t, hit*stride, 300)
			})
		}
	}
}

func faulted(t *testing.T, b *fault.Backend, f *fault.Fault, version int) {
	clean := newFS(t, backend.NewSync(0), fsapi.SyncNever)
	o := Options{FS: clean, Root: t.TempDir(), Alt: t.TempDir(), Version: version, RotateSize: 4 << 10, Logger: quiet, LockTimeout: 5 * time.Second}
	s, err := Open(ctx, o)
	require.NoError(t, err)
	require.NoError(t, s.Create(ctx, "Other"))
	require.NoError(t, deliver(s, "INBOX", "a", "b", "c"))
	require.NoError(t, s.Close())

	state := map[string][]string{"INBOX": {"a", "b", "c"}}
	allowed := []map[string][]string{cloned(state)}
	fsys, err := fsapi.New(fsapi.Options{Engine: b, Sync: fsapi.SyncAlways})
	require.NoError(t, err)
	broken := o
	broken.FS, broken.LockTimeout = fsys, 200*time.Millisecond
	s, failed := Open(ctx, broken)
	step := "open"
	if failed == nil {
		for _, stop := range tour {
			before := cloned(state)
			if stop.after != nil {
				stop.after(state)
			}
			if failed = stop.do(s); failed != nil {
				step = stop.name
				allowed = []map[string][]string{before, cloned(state)}
				if stop.half != nil {
					half := cloned(before)
					stop.half(half)
					allowed = append(allowed, cloned(half))
				}
				break
			}
			allowed = []map[string][]string{cloned(state)}
		}
		_ = s.Close()
	}
	_ = fsys.Close()
	if f.Hits() == 0 {
		require.NoError(t, failed)
	}

	s, err = Open(ctx, o)
	require.NoError(t, err, "after %s: %v", step, failed)
	defer s.Close()
	held := holds(t, s)
	require.Contains(t, allowed, held, "after %s: %v", step, failed)
	_, err = s.Rebuild(ctx)
	require.NoError(t, err)
	x := &store{s, t}
	require.Empty(t, x.problems(), "after %s: %v, and a rebuild", step, failed)
	rebuilt := holds(t, s)
	for name, list := range held {
		require.Subset(t, rebuilt[name], list, "after %s: %v, and a rebuild", step, failed)
		for _, body := range list {
			rebuilt[name] = slices.Delete(rebuilt[name], slices.Index(rebuilt[name], body), slices.Index(rebuilt[name], body)+1)
		}
	}
	// More than before is only what this operation was about.
	for name, more := range rebuilt {
		for _, body := range more {
			require.Contains(t, fmt.Sprint(allowed), body, "%s got %q after %s: %v", name, body, step, failed)
		}
	}
}

// A delivery that fails after the map has its messages, or its file has a name,
// takes them back.
func TestFailedDeliveryIsTakenBack(t *testing.T) {
	for suffix, left := range map[string]int{"INBOX/dbox-Mails/dovecot.index.log": 1, "dovecot.map.index.log": 0} {
		t.Run(suffix, func(t *testing.T) {
			b := fault.Wrap(backend.NewSync(0))
			begun := newStore(t, Options{Logger: quiet})
			begun.box("INBOX")
			x := newStore(t, Options{FS: newFS(t, b, fsapi.SyncAlways), Root: begun.opts.Root, Logger: quiet})
			in := x.box("INBOX")
			// The map is written first to say that the file's number is taken.
			skip := 1 - left
			f := b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpWrite), Suffix: suffix, Skip: skip}.Fail(syscall.EIO))
			require.ErrorIs(t, deliver(x.Store, "INBOX", "1"), syscall.EIO)
			require.Equal(t, 1, f.Hits())
			require.Len(t, x.files(), left)
			require.Empty(t, x.problems())
			require.Empty(t, contents(t, in))
			m, err := x.mapNow(ctx)
			require.NoError(t, err)
			for e, err := range m.all(ctx) {
				require.NoError(t, err)
				require.Zero(t, e.refs)
			}
		})
	}
}
