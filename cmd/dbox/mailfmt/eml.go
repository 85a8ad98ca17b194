package mailfmt

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/mail"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ringbox/ringbox/cmd/dbox/files"
	"github.com/ringbox/ringbox/fsapi"
)

const emlSuffix = ".eml"

// OpenEML returns the mails in the .eml files of a directory, or the one file
// that path is.
func OpenEML(ctx context.Context, fsys *fsapi.FS, path string) (Source, error) {
	info, err := fsys.Stat(ctx, path)
	if err != nil {
		return nil, err
	}
	paths := []string{path}
	if info.IsDir() {
		if paths, err = emlFiles(ctx, fsys, path); err != nil {
			return nil, err
		}
	}
	return &fileSet{ctx: ctx, fs: fsys, paths: paths, describe: describeEML}, nil
}

func emlFiles(ctx context.Context, fsys *fsapi.FS, dir string) (paths []string, err error) {
	entries, err := fsys.ReadDir(ctx, dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if isEML(e.Name()) && !e.IsDir() {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	slices.SortStableFunc(paths, func(a, b string) int { // 2.eml before 10.eml
		return cmp.Compare(seconds(filepath.Base(a)), seconds(filepath.Base(b)))
	})
	return paths, nil
}

func isEML(name string) bool {
	return strings.EqualFold(filepath.Ext(name), emlSuffix) && !strings.HasPrefix(name, ".")
}

// describeEML takes the date from the header, and where that has none, the time
// of the file, which is often that of the last copying.
func describeEML(f *files.File, m *Mail) {
	m.Received = f.Time
	if date, ok := headerDate(f.From(0)); ok {
		m.Received = date
	}
	if match := ownEML.FindStringSubmatch(filepath.Base(f.Name)); match != nil {
		m.GUID = match[1]
	}
}

const maxHeader = 1 << 20 // bytes in which the Date is looked for

func headerDate(r io.Reader) (time.Time, bool) {
	parsed, err := mail.ReadMessage(io.LimitReader(r, maxHeader))
	if err != nil {
		return time.Time{}, false
	}
	date, err := parsed.Header.Date()
	return date, err == nil
}

var ownEML = regexp.MustCompile(`^\d+\.([0-9a-f]{32})\.eml$`)

// emlName is the name of the file of message n.
func emlName(guid string, n int) (name string, kept bool) {
	if hexGUID.MatchString(guid) {
		return fmt.Sprintf("%06d.%s%s", n, guid, emlSuffix), true
	}
	return fmt.Sprintf("%06d", n) + emlSuffix, false
}
