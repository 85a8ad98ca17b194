package mailfmt

import (
	"context"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ringbox/ringbox/fsapi"
)

// maildirTarget adds mails to a Maildir.
type maildirTarget struct {
	group
	dir   string
	n     int
	bases map[string]bool // names in use: two messages may have the same GUID
	known letters

	portable bool // names are such that Windows can have them too
}

// CreateMaildir returns a Target that adds mails to a Maildir. It is made if
// there is none. All mails go to cur. portable: their names are such that Windows
// can have them too.
func CreateMaildir(ctx context.Context, fsys *fsapi.FS, dir string, portable bool) (Target, error) {
	t := &maildirTarget{group: group{ctx: ctx, fs: fsys}, dir: dir, bases: map[string]bool{}, portable: portable}
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := MakeDir(ctx, fsys, filepath.Join(dir, sub)); err != nil {
			return nil, err
		}
	}
	for _, sub := range []string{"cur", "new"} {
		entries, err := fsys.ReadDir(ctx, filepath.Join(dir, sub))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			base, _, _ := splitName(e.Name(), nil)
			t.bases[base] = true
		}
	}
	var err error
	t.known, err = readLetters(ctx, fsys, dir)
	return t, err
}

// letters returns the letters of keywords that have none of their own in
// Maildir. What they stand for is written before the first message has them.
func (t *maildirTarget) letters(keywords []string) (text string, lost Loss, err error) {
	var all []string
	added := false
	for _, k := range keywords {
		if k == forwarded {
			continue
		}
		letter, isNew, ok := t.known.letter(k)
		if !ok {
			lost = LostKeywords
			continue
		}
		all, added = append(all, letter), added || isNew
	}
	if added {
		err = t.known.write(t.ctx, t.fs, t.dir)
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ""), lost, err
}

// Add implements [Target].
func (t *maildirTarget) Add(m *Mail) (Loss, error) {
	t.n++
	lost := m.has() & (LostSender | LostPOP3)
	received := m.Received
	if received.IsZero() {
		received = time.Unix(0, 0) // as Dovecot shows it
	}
	base, kept := baseFor(m.GUID, received, t.n)
	if t.bases[base] || t.portable && notPortable.MatchString(base) {
		base, kept = baseFor("", received, t.n)
	}
	t.bases[base] = true
	if !kept {
		lost |= m.has() & LostGUID
	}
	more, lostKeywords, err := t.letters(m.Keywords)
	if err != nil {
		return 0, err
	}
	lost |= lostKeywords
	mark := infoMark
	if t.portable {
		mark = portableMark
	}
	path := filepath.Join(t.dir, "cur", joinName(base, mark, m.Flags, m.Keywords, more))
	return lost, t.write(path, received, func(w *fsapi.Writer) error { return copyText(w, m) })
}

// copyText copies the text of a mail.
func copyText(w io.Writer, m *Mail) error {
	r, err := m.Text()
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return err
}
