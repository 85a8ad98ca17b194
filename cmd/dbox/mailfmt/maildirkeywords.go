package mailfmt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/ringbox/ringbox/cmd/dbox/files"
	"github.com/ringbox/ringbox/fsapi"
)

// keywordsFile is in a folder of a Maildir, as Dovecot has it. Its lines
// "<number> <keyword>" give the letters a to z, 0 to 25, in the names of
// messages a meaning.
const keywordsFile = "dovecot-keywords"

const maxLetters = 26

// letters are the keywords of a folder, each at the place of its letter; "" has
// none.
type letters []string

// readLetters reads the keywords of a folder. Lines that mean nothing are left
// out.
func readLetters(ctx context.Context, fsys *fsapi.FS, dir string) (l letters, err error) {
	f, err := files.Open(ctx, fsys, filepath.Join(dir, keywordsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f.From(0), 1<<20))
	for line := range strings.Lines(string(text)) {
		number, keyword, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 || n >= maxLetters || keyword == "" {
			continue
		}
		for len(l) <= n {
			l = append(l, "")
		}
		l[n] = keyword
	}
	return l, err
}

// keyword returns the one that a letter stands for, if it is known.
func (l letters) keyword(letter rune) (string, bool) {
	if n := int(letter - 'a'); n >= 0 && n < len(l) && l[n] != "" {
		return l[n], true
	}
	return "", false
}

// letter returns the letter of a keyword, and gives it one if there is one left.
func (l *letters) letter(keyword string) (letter string, isNew, ok bool) {
	n := slices.IndexFunc(*l, func(k string) bool { return strings.EqualFold(k, keyword) })
	if n < 0 {
		if len(*l) == maxLetters || strings.ContainsAny(keyword, "\r\n") {
			return "", false, false
		}
		n, isNew = len(*l), true
		*l = append(*l, keyword)
	}
	return string(rune('a' + n)), isNew, true
}

// write makes the file of a folder durable.
func (l letters) write(ctx context.Context, fsys *fsapi.FS, dir string) error {
	var text bytes.Buffer
	for n, keyword := range l {
		if keyword != "" {
			fmt.Fprintf(&text, "%d %s\n", n, keyword)
		}
	}
	f := fsys.Create(filepath.Join(dir, keywordsFile), fsapi.ReplaceIfExists, fsapi.Perm{Mode: 0o600})
	defer f.Close()
	w := fsapi.NewWriter(ctx, f)
	if _, err := w.Write(text.Bytes()); err != nil {
		return err
	}
	return w.Commit()
}
