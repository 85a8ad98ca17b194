package sdbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend"
	"github.com/ringbox/ringbox/fsapi/backend/fault"
)

// A failure at each operation in turn: a lone one, one of an operation that
// has happened all the same, and one after which nothing works any more, as in a
// crash. What was acknowledged is there afterwards, what was expunged is not,
// nothing is wrong that does harm, and after a rebuild nothing at all.
func TestCrash(t *testing.T) {
	cause := syscall.EIO
	every := 17
	if os.Getenv(stepsVariable) != "" {
		every = 1
	}
	for name, rule := range map[string]fault.Rule{
		"fails once": fault.Rule{}.Fail(cause),
		"fails late": fault.Rule{}.FailAfter(cause),
		"dies":       fault.Rule{Times: fault.Always}.Fail(cause),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := rand.Intn(every)
			t.Logf("%s: every %d operations from %d on", name, every, at)
			for ; ; at += every {
				b := fault.Wrap(backend.NewSync(0))
				hit := rule
				hit.Skip = at
				f := b.Add(hit)
				require.NoError(t, crash(t, b, f, cause), "fault at operation %d", at)
				if f.Matched() <= at {
					break // there are no more
				}
			}
			t.Logf("%d operations", at)
			require.Greater(t, at, 500)
		})
	}
}

func newHistory(dir string) *history {
	return &history{dir: dir, mails: map[string]string{}, gone: map[string]bool{}, unclear: map[string]bool{}, boxes: map[string]bool{}}
}

// history is what has been acknowledged.
type history struct {
	dir     string
	mails   map[string]string // GUID: mailbox, text and flags
	gone    map[string]bool   // GUIDs that are expunged
	unclear map[string]bool   // GUIDs of the step that failed
	boxes   map[string]bool
	// renaming: a rename has failed, so that what is in the alternate storage may
	// be out of reach until a rebuild.
	renaming bool
	// torn: the end of a log may have holes, so that a mailbox cannot be read until
	// a rebuild.
	torn bool
}

func crash(t *testing.T, b *fault.Backend, f *fault.Fault, cause error) error {
	dir, err := os.MkdirTemp(fastDir(t), "crash")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	h := newHistory(dir)
	failed := h.work(b, (*worker).everything)
	switch {
	case failed == nil:
		if f.Hits() > 0 {
			// Upkeep may fail without anybody being told.
			failed = errors.New("nothing")
		}
	case f.Hits() == 0:
		return fmt.Errorf("without a fault: %w", failed)
	case !errors.Is(failed, cause):
		return fmt.Errorf("the error is another: %w", failed)
	}
	if err := h.check(nil); err != nil {
		return fmt.Errorf("after %v: %w", failed, err)
	}
	return nil
}

// fastDir is where syncing costs nothing.
func fastDir(t *testing.T) string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return t.TempDir()
}

// open opens the store; later is how much time has passed since it was closed,
// for the lock files that a crash leaves are good for some minutes.
func (h *history) open(engine backend.Backend, later time.Duration) (*Store, *fsapi.FS, error) {
	fsys, err := fsapi.New(fsapi.Options{Engine: engine, Logger: quiet})
	if err != nil {
		return nil, nil, err
	}
	s, err := Open(context.Background(), Options{
		FS: fsys, Root: filepath.Join(h.dir, "sdbox"), Alt: filepath.Join(h.dir, "alt"), Logger: quiet, LockTimeout: 5 * time.Second,
		Now:    func() time.Time { return time.Now().Add(later) },
		Limits: mailindex.Limits{RotateMinSize: 500, RotateMaxSize: 1000, RotateMinAge: time.Nanosecond, RewriteMin: 100, RewriteMax: 200},
	})
	if err != nil {
		return nil, nil, errors.Join(err, fsys.Close())
	}
	return s, fsys, nil
}

// work opens a store and works on it until something fails.
func (h *history) work(engine backend.Backend, script func(*worker)) error {
	s, fsys, err := h.open(engine, 0)
	if err != nil {
		return err
	}
	defer fsys.Close()
	w := &worker{history: h, store: s, copies: map[string]int{}}
	script(w)
	return w.err
}

// everything is a little of everything.
func (w *worker) everything() {
	w.save("INBOX", "a", "b", "c", "d")
	w.create("x/y")
	w.flags("INBOX", "a")
	w.copy("INBOX", "b", "x/y")
	w.altMove("INBOX", false, "a", "c")
	w.save("x/y", "e")
	w.expunge("INBOX", "b", "c")
	w.altMove("INBOX", true, "a")
	w.altMove("x/y", false, "e")
	w.rename("x/y", "z")
	w.move("INBOX", "d", "z")
	w.save("z", "f")
	w.subscribe("z")
	w.remove("z")
	w.save("INBOX", "g")
}

// worker does steps and notes what is acknowledged. After an error it does
// nothing any more.
type worker struct {
	*history
	store  *Store
	copies map[string]int // of each GUID
	err    error
}

func (w *worker) on(name string, guids []string, do func(m mailstore.Mailbox, uids []uint32) error) bool {
	if w.err != nil {
		return false
	}
	for _, g := range guids {
		w.unclear[g] = true
	}
	ctx := context.Background()
	m, err := w.store.Open(ctx, name)
	if err == nil {
		defer m.Close()
		var uids []uint32
		if uids, err = w.uids(ctx, m, guids); err == nil {
			err = do(m, uids)
		}
	}
	if w.err = err; err != nil {
		return false
	}
	w.boxes[name] = true
	for _, g := range guids {
		delete(w.unclear, g)
	}
	return true
}

// uids finds messages by their GUIDs.
func (w *worker) uids(ctx context.Context, m mailstore.Mailbox, guids []string) (uids []uint32, err error) {
	for mail, err := range m.Fetch(ctx, nil, mailstore.FetchOptions{}) {
		if err != nil {
			return nil, err
		}
		if slices.Contains(guids, mail.GUID) {
			uids = append(uids, mail.UID)
		}
	}
	return uids, nil
}

func (w *worker) save(name string, guids ...string) {
	if w.on(name, guids, func(m mailstore.Mailbox, _ []uint32) error {
		tx := m.Begin()
		for _, g := range guids {
			o := mailstore.SaveOptions{GUID: g, Flags: mailstore.Answered, Keywords: []string{"k"}}
			if err := tx.Save(context.Background(), strings.NewReader("text "+g), o); err != nil {
				return errors.Join(err, tx.Rollback())
			}
		}
		uids, err := tx.Commit(context.Background())
		if err == nil && len(uids) != len(guids) {
			err = errors.New("uids are missing")
		}
		return err
	}) {
		for _, g := range guids {
			w.mails[g] = `text ` + g + ` \Answered`
			w.copies[g] = 1
		}
	}
}

func (w *worker) flags(name string, guids ...string) {
	if w.on(name, guids, func(m mailstore.Mailbox, uids []uint32) error {
		return m.SetFlags(context.Background(), uids, mailstore.FlagChange{Replace: true, Add: mailstore.Seen})
	}) {
		for _, g := range guids {
			w.mails[g] = `text ` + g + ` \Seen`
		}
	}
}

func (w *worker) expunge(name string, guids ...string) {
	if w.on(name, guids, func(m mailstore.Mailbox, uids []uint32) error { return m.Expunge(context.Background(), uids) }) {
		for _, g := range guids {
			w.gone[name+" "+g] = true
			if w.copies[g]--; w.copies[g] == 0 {
				delete(w.mails, g)
			}
		}
	}
}

func (w *worker) altMove(name string, back bool, guids ...string) {
	w.on(name, guids, func(m mailstore.Mailbox, uids []uint32) error {
		return m.AltMove(context.Background(), uids, back)
	})
}

// copy: the GUID is that of both.
func (w *worker) copy(name, guid, to string) {
	if w.on(to, []string{guid}, func(target mailstore.Mailbox, _ []uint32) error {
		return w.to(name, guid, target, mailstore.Mailbox.Copy)
	}) {
		w.copies[guid]++
	}
}

func (w *worker) move(name, guid, to string) {
	w.on(to, []string{guid}, func(target mailstore.Mailbox, _ []uint32) error {
		return w.to(name, guid, target, mailstore.Mailbox.Move)
	})
	if w.err == nil {
		w.gone[name+" "+guid] = true
	}
}

func (w *worker) to(name, guid string, target mailstore.Mailbox, do func(mailstore.Mailbox, context.Context, []uint32, mailstore.Mailbox) ([]uint32, error)) error {
	ctx := context.Background()
	m, err := w.store.Open(ctx, name)
	if err != nil {
		return err
	}
	defer m.Close()
	uids, err := w.uids(ctx, m, []string{guid})
	if err == nil {
		_, err = do(m, ctx, uids, target)
	}
	return err
}

func (w *worker) step(do func(ctx context.Context) error) {
	if w.err == nil {
		w.err = do(context.Background())
	}
}

func (w *worker) create(name string) {
	w.step(func(ctx context.Context) error { return w.store.Create(ctx, name) })
	w.boxes[name] = w.err == nil
}

func (w *worker) rename(from, to string) {
	w.step(func(ctx context.Context) error { return w.store.Rename(ctx, from, to) })
	if w.boxes[from] {
		delete(w.boxes, from)
		w.boxes[to] = w.err == nil
		w.renaming = w.err != nil
	}
}

func (w *worker) subscribe(name string) {
	w.step(func(ctx context.Context) error { return w.store.Subscribe(ctx, name, true) })
}

// remove deletes a mailbox with b, d, e and f.
func (w *worker) remove(name string) {
	before := maps.Clone(w.mails)
	w.step(func(ctx context.Context) error {
		for _, g := range []string{"b", "d", "e", "f"} {
			w.unclear[g] = true
			delete(w.mails, g)
		}
		return w.store.Delete(ctx, name)
	})
	if len(w.unclear) == 0 {
		w.mails = before
	}
	delete(w.boxes, name)
}

// check looks at what is there, before and after a rebuild, and that another
// rebuild has nothing to do.
func (h *history) check(engine backend.Backend) error {
	s, fsys, err := h.open(engine, time.Hour)
	if err != nil {
		return err
	}
	defer fsys.Close()
	ctx := context.Background()
	verify := func(harmless bool) (err error) {
		failed := s.Verify(ctx, func(p mailstore.Problem) {
			if !p.Harmless || !harmless {
				err = errors.Join(err, fmt.Errorf("verify: %v", p))
			}
		})
		return errors.Join(failed, err)
	}
	needed := h.renaming || h.torn
	if err := verify(true); err != nil && !needed {
		return err
	}
	if err := h.compare(ctx, s); err != nil && !(needed && errors.Is(err, mailstore.ErrCorrupt)) {
		return fmt.Errorf("before the rebuild: %w", err)
	}
	report, err := s.Rebuild(ctx)
	if err != nil {
		return fmt.Errorf("rebuild: %w", err)
	}
	if err := verify(false); err != nil {
		return fmt.Errorf("after the rebuild %v: %w", report.Notes, err)
	}
	if err := h.compare(ctx, s); err != nil {
		return fmt.Errorf("after the rebuild %v: %w", report.Notes, err)
	}
	again, err := s.Rebuild(ctx)
	if err != nil {
		return fmt.Errorf("second rebuild: %w", err)
	}
	if len(again.Notes)+again.Added+again.Dropped+again.Expunged+again.Repaired > 0 {
		return fmt.Errorf("the rebuild found %v, and the second one %+v", report.Notes, again)
	}
	return nil
}

func (h *history) compare(ctx context.Context, s *Store) error {
	list, err := s.Mailboxes(ctx)
	if err != nil {
		return err
	}
	found := map[string]string{}
	boxes := map[string]bool{}
	for _, info := range list {
		if !info.Selectable {
			continue
		}
		m, err := s.Open(ctx, info.Name)
		if errors.Is(err, mailstore.ErrDeleted) {
			continue
		}
		if err != nil {
			return err
		}
		boxes[info.Name] = true
		for mail, err := range m.Fetch(ctx, nil, mailstore.FetchOptions{Verify: true}) {
			if err != nil {
				return err
			}
			if h.gone[info.Name+" "+mail.GUID] {
				return fmt.Errorf("%s is back in %s", mail.GUID, info.Name)
			}
			body, err := mail.Body(ctx)
			if err != nil {
				return err
			}
			text, err := io.ReadAll(body)
			if err != nil {
				return err
			}
			if string(text) != "text "+mail.GUID {
				return fmt.Errorf("%s is %q", mail.GUID, text)
			}
			found[mail.GUID] = string(text) + " " + mail.Flags.String()
		}
		_ = m.Close()
	}
	for guid, want := range h.mails {
		if got := found[guid]; got != want && !h.unclear[guid] {
			return fmt.Errorf("%s is %q, not %q", guid, got, want)
		}
	}
	for name := range h.boxes {
		if h.boxes[name] && !boxes[name] {
			return fmt.Errorf("mailbox %s is missing", name)
		}
	}
	return nil
}
