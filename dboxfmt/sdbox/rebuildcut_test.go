package sdbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/dboxfmt/storetest"
	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend/simdisk"
)

// The machine loses power at some operation of a rebuild that has everything to
// do. On every disk that may be left, the index speaks of no file that is not
// there, and the next rebuild comes to the same end.
func TestPowerCutInRebuild(t *testing.T) {
	seed := storetest.Setting(t, seedVariable, time.Now().UnixNano())
	every := 37
	if os.Getenv(stepsVariable) != "" {
		every = 1
	}
	for _, c := range []struct {
		version    int
		lost, lazy bool
	}{
		{version: 2}, {version: 3}, {version: 2, lost: true}, {version: 3, lost: true}, {version: 3, lazy: true},
	} {
		t.Run(fmt.Sprintf("version %d, index lost %v, torn %v", c.version, c.lost, c.lazy), func(t *testing.T) {
			t.Logf("%s=%d", seedVariable, seed)
			disk := simdisk.New(simdisk.Options{Seed: seed, Dirs: []string{"/mail"}, Ordered: !c.lazy})
			h := &damagedHistory{history: newHistory("/mail"), version: c.version}
			require.NoError(t, h.damage(disk, c.lost))
			at := 1 + rand.New(rand.NewSource(seed)).Intn(every)
			for ; ; at += every {
				copied := disk.Copy()
				copied.CutAt(at)
				failed := h.rebuild(copied)
				for i := range int64(3) {
					require.NoError(t, h.checkRebuilt(copied.AfterCrash(seed+i)), "cut at operation %d, survivor %d, after %v", at, seed+i, failed)
				}
				if !copied.Dead() {
					require.NoError(t, failed)
					break
				}
			}
			t.Logf("%d operations", at)
			require.Greater(t, at, 100)
		})
	}
}

type damagedHistory struct {
	*history
	version int
}

func (h *damagedHistory) with(engine *simdisk.Disk, do func(ctx context.Context, s *Store) error) error {
	fsys, err := fsapi.New(fsapi.Options{Engine: engine, Logger: quiet})
	if err != nil {
		return err
	}
	defer fsys.Close()
	ctx := context.Background()
	s, err := Open(ctx, Options{
		FS: fsys, Root: filepath.Join(h.dir, "sdbox"), Alt: filepath.Join(h.dir, "alt"), Logger: quiet, Version: h.version,
		Now: func() time.Time { return time.Now().Add(time.Hour) },
	})
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, s), s.Close())
}

// wanted are the texts of the messages that there have to be in the end.
var wanted = []string{"1", "2", "3", "4", "5", "6", "other 2", "high", "number", "stray", "cut"}

// damage leaves a store with everything that a rebuild puts right.
func (h *damagedHistory) damage(disk *simdisk.Disk, lost bool) error {
	return h.with(disk, func(ctx context.Context, s *Store) error {
		d := &vandal{ctx: ctx, s: s, inbox: s.newBox("INBOX"), spare: s.newBox("spare")}
		d.save("INBOX", "1", "2", "3", "4", "5", "6", "cut", "gone")
		d.save("spare", "other 2", "high", "number", "stray", "half")
		d.change("INBOX", func(m mailstore.Mailbox) error {
			return errors.Join(m.AltMove(ctx, []uint32{4, 5}, false), m.Expunge(ctx, []uint32{8}))
		})
		if d.err != nil {
			return d.err
		}
		d.put(d.spare.file(1, false), d.inbox.file(2, true))               // two different files of uid 2
		d.put(d.spare.file(2, false), d.inbox.path("u.4294967293", false)) // numbers that are none
		d.put(d.spare.file(3, false), d.inbox.path("u.0", true))
		d.put(d.spare.file(4, false), s.newBox("lost").file(3, true)) // a mailbox in the alternate storage only
		d.put(d.inbox.file(5, true), d.inbox.file(5, false))          // a move back that has died
		d.write(d.inbox.file(7, false), slices.Concat(d.read(d.inbox.file(7, false)), []byte("garbage")))
		one, two := d.read(d.inbox.file(3, false)), d.read(d.inbox.file(6, false))
		d.write(d.inbox.file(3, false), slices.Concat(one, two[slices.Index(two, '\n')+1:])) // two messages in a file
		d.run(s.fsys.Remove(ctx, d.inbox.file(6, false)))
		d.run(s.Delete(ctx, "spare"))
		if !lost {
			d.put(d.inbox.file(1, false), d.inbox.file(8, false)) // the file of an expunged message
		} else {
			d.write(d.inbox.path("dovecot.index.log", false), []byte("garbage"))
		}
		return d.err
	})
}

// vandal changes files behind the back of a store.
type vandal struct {
	ctx          context.Context
	s            *Store
	inbox, spare *box
	err          error
}

func (d *vandal) run(err error) { d.err = errors.Join(d.err, err) }

func (d *vandal) change(name string, do func(m mailstore.Mailbox) error) {
	m, err := d.s.Open(d.ctx, name)
	if errors.Is(err, os.ErrNotExist) {
		d.run(d.s.Create(d.ctx, name))
		m, err = d.s.Open(d.ctx, name)
	}
	if err == nil {
		err = errors.Join(do(m), m.Close())
	}
	d.run(err)
}

func (d *vandal) save(name string, texts ...string) {
	d.change(name, func(m mailstore.Mailbox) error {
		tx := m.Begin()
		for _, text := range texts {
			d.run(tx.Save(d.ctx, strings.NewReader(text+"\n"), mailstore.SaveOptions{Keywords: []string{"k" + text[:1]}}))
		}
		_, err := tx.Commit(d.ctx)
		return err
	})
}

func (d *vandal) read(path string) []byte {
	f := d.s.fsys.Open(path, fsapi.ReadOnly)
	defer f.Close()
	b, err := io.ReadAll(fsapi.NewReader(d.ctx, f))
	d.run(err)
	return b
}

func (d *vandal) write(path string, b []byte) {
	d.run(d.s.tree.MakeDir(d.ctx, filepath.Dir(path)))
	f := d.s.fsys.Create(path, fsapi.ReplaceIfExists, fsapi.Perm{Mode: 0o600})
	w := fsapi.NewWriter(d.ctx, f)
	_, err := w.Write(b)
	d.run(errors.Join(err, w.Commit(), f.Close()))
}

func (d *vandal) put(from, to string) { d.write(to, d.read(from)) }

func (h *damagedHistory) rebuild(disk *simdisk.Disk) error {
	return h.with(disk, func(ctx context.Context, s *Store) error {
		_, err := s.Rebuild(ctx)
		return err
	})
}

// checkRebuilt looks at what is left of a rebuild that has died, and goes on.
func (h *damagedHistory) checkRebuilt(disk *simdisk.Disk) error {
	return h.with(disk, func(ctx context.Context, s *Store) error {
		var missing error
		err := s.Verify(ctx, func(p mailstore.Problem) {
			// Message 6 is in the file of message 3, until the index says otherwise.
			if errors.Is(p.Err, errNoFile) && !(p.Mailbox == "INBOX" && p.UID == 6) {
				missing = errors.Join(missing, fmt.Errorf("verify: %v", p))
			}
		})
		if err := errors.Join(err, missing); err != nil {
			return err
		}
		if _, err := s.Rebuild(ctx); err != nil {
			return fmt.Errorf("rebuild: %w", err)
		}
		if err := s.Verify(ctx, func(p mailstore.Problem) { missing = errors.Join(missing, fmt.Errorf("after the rebuild: %v", p)) }); err != nil {
			return err
		}
		if missing != nil {
			return missing
		}
		return h.sameTexts(ctx, s)
	})
}

func (h *damagedHistory) sameTexts(ctx context.Context, s *Store) error {
	var found []string
	list, err := s.Mailboxes(ctx)
	if err != nil {
		return err
	}
	for _, info := range list {
		m, err := s.Open(ctx, info.Name)
		if err != nil {
			return err
		}
		for mail, err := range m.Fetch(ctx, nil, mailstore.FetchOptions{Verify: true}) {
			if err != nil {
				return err
			}
			body, err := mail.Body(ctx)
			if err != nil {
				return err
			}
			text, err := io.ReadAll(body)
			if err != nil {
				return err
			}
			found = append(found, strings.TrimSpace(string(text)))
		}
		_ = m.Close()
	}
	slices.Sort(found)
	if want := slices.Sorted(slices.Values(wanted)); !slices.Equal(want, found) {
		return fmt.Errorf("%q, not %q", found, want)
	}
	report, err := s.Rebuild(ctx)
	if err == nil && len(report.Notes) > 0 {
		err = fmt.Errorf("the second rebuild: %v", report.Notes)
	}
	return err
}
