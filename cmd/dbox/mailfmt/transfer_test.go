package mailfmt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/cmd/dbox/stores"
	"github.com/ringbox/ringbox/fsapi"
)

// targets are all that can be written.
var targets = map[string]struct {
	format Format
	opts   BoxOptions
}{
	"maildir": {Maildir, BoxOptions{}},
	"mbox":    {Mbox, BoxOptions{}},
	"eml":     {EML, BoxOptions{}},
	"sdbox 2": {SingleBoxes, BoxOptions{Version: 2}},
	"sdbox 3": {SingleBoxes, BoxOptions{Version: 3}},
	"mdbox 2": {MultiBoxes, BoxOptions{Version: 2, Rotate: 4096, Mailbox: "INBOX"}},
	"mdbox 3": {MultiBoxes, BoxOptions{Version: 3, Rotate: 4096, Mailbox: "INBOX"}},

	"sdbox store": {SingleStore, BoxOptions{Store: stores.Options{Create: true}}},
	"mdbox store": {MultiStore, BoxOptions{Store: stores.Options{Create: true, Version: 2}}},
}

// readBack returns the texts of the mails at a location, none if there is
// nothing.
func readBack(t *testing.T, fs *fsapi.FS, l Location) (texts []string) {
	src, err := l.Open(t.Context(), fs, OpenOptions{})
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, stores.ErrNoStore) {
		return nil
	}
	require.NoError(t, err)
	defer src.Close()
	for {
		m, err := src.Next()
		if err == io.EOF {
			return texts
		}
		require.NoError(t, err)
		r, err := m.Text()
		require.NoError(t, err)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		texts = append(texts, string(text))
	}
}

// Whatever stops a transfer, wherever: what it has counted is there, whole, and
// nothing else is.
func TestTransferStops(t *testing.T) {
	broken := errors.New("broken device")
	const all = 300
	for name, target := range targets {
		for what, stop := range map[string]func(cancel context.CancelFunc) (*Mail, error){
			"between mails":            func(cancel context.CancelFunc) (*Mail, error) { cancel(); return nil, nil },
			"at a mail":                func(context.CancelFunc) (*Mail, error) { return nil, broken },
			"in the middle of":         func(context.CancelFunc) (*Mail, error) { return breaksOff(80_000, broken), nil },
			"in the middle of a large": func(context.CancelFunc) (*Mail, error) { return breaksOff(2*smallText, broken), nil },
		} {
			for _, at := range []int{0, 1, 64, 257, 299} {
				t.Run(fmt.Sprintf("%s/%s/%d", name, what, at), func(t *testing.T) {
					fs := newFS(t)
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					l := Location{Format: target.format, Path: filepath.Join(t.TempDir(), "to")}
					to, err := l.Create(ctx, fs, target.opts)
					require.NoError(t, err)
					result, err := Transfer(ctx, &someMail{all, func(left int) (*Mail, error) {
						if left == all-1-at {
							return stop(cancel)
						}
						return nil, nil
					}}, to, quiet())
					require.Error(t, err)
					require.LessOrEqual(t, result.Written, at)
					if target.format != Mbox && target.format != MultiBoxes {
						require.Equal(t, at, result.Written, "files of their own are all kept")
					}
					texts := readBack(t, fs, l)
					require.Len(t, texts, result.Written)
					for _, text := range texts {
						require.Equal(t, "Subject: x\n\nhi\n", text)
					}
					require.NoError(t, fs.Close()) // temporary files are gone by then
					temps, err := filepath.Glob(filepath.Join(filepath.Dir(l.Path), "*", ".temp*"))
					require.NoError(t, err)
					require.Empty(t, temps)
				})
			}
		}
	}
}

// breaksOff is a mail that cannot be read beyond size bytes.
func breaksOff(size int, err error) *Mail {
	m := textMail("")
	m.Text = func() (io.Reader, error) {
		return io.MultiReader(strings.NewReader(strings.Repeat("x\n", size/2)), iotest.ErrReader(err)), nil
	}
	return m
}

// A mail that cannot be read is told about, and the others arrive.
func TestTransferGoesOn(t *testing.T) {
	for name, target := range targets {
		t.Run(name, func(t *testing.T) {
			fs := newFS(t)
			l := Location{Format: target.format, Path: filepath.Join(t.TempDir(), "to")}
			to, err := l.Create(t.Context(), fs, target.opts)
			require.NoError(t, err)
			var problems []*Problem
			opts := quiet()
			opts.Problem = func(p *Problem) { problems = append(problems, p) }
			result, err := Transfer(t.Context(), &someMail{100, func(left int) (*Mail, error) {
				if left%10 == 0 {
					return nil, &Problem{File: "f", Offset: int64(left), Reason: "r"}
				}
				return nil, nil
			}}, to, opts)
			require.NoError(t, err)
			require.Equal(t, 90, result.Written)
			require.Equal(t, 10, result.Problems)
			require.Len(t, problems, 10)
			require.Equal(t, "f: 90: r", problems[0].Error())
			require.Len(t, readBack(t, fs, l), 90)
		})
	}
}

// Nothing grows with the size of a mail.
func TestTransferMemory(t *testing.T) {
	const mail = 96 << 20
	dir := t.TempDir()
	from := filepath.Join(dir, "large.eml")
	require.NoError(t, os.WriteFile(from, []byte("Subject: large\n\n"), 0o600))
	require.NoError(t, os.Truncate(from, mail))
	fs := newFS(t)
	for name, target := range targets {
		if target.format != SingleBoxes && target.format != Mbox && target.format != SingleStore {
			continue // the others write in the same two ways
		}
		t.Run(name, func(t *testing.T) {
			l := Location{Format: target.format, Path: filepath.Join(dir, name)}
			src, err := OpenEML(t.Context(), fs, from)
			require.NoError(t, err)
			to, err := l.Create(t.Context(), fs, target.opts)
			require.NoError(t, err)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			result, err := Transfer(t.Context(), src, to, quiet())
			require.NoError(t, err)
			runtime.ReadMemStats(&after)
			require.Equal(t, 1, result.Written)
			require.EqualValues(t, mail, result.Bytes)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(mail/2))
		})
	}
}

// What a target cannot hold is counted.
func TestLosses(t *testing.T) {
	full := func() *Mail {
		m := textMail("Subject: x\n\n")
		m.GUID, m.Flags, m.Keywords, m.Sender, m.POP3UIDL = "some text", Flags{Seen: true}, []string{"a"}, "a@b", "x"
		m.Received = m.Received.AddDate(1899, 0, 0) // 1900
		return m
	}
	for name, want := range map[string]Loss{
		"maildir": LostGUID | LostSender | LostPOP3,
		"mbox":    LostGUID | LostPOP3,
		"eml":     LostFlags | LostKeywords | LostGUID | LostSender | LostPOP3,
		"sdbox 2": LostSender | LostDate,
		"mdbox 3": LostSender | LostDate,

		"sdbox store": LostSender | LostDate,
		"mdbox store": LostSender | LostDate,
	} {
		l := Location{Format: targets[name].format, Path: filepath.Join(t.TempDir(), "to")}
		to, err := l.Create(t.Context(), newFS(t), targets[name].opts)
		require.NoError(t, err)
		result, err := Transfer(t.Context(), &someMail{1, func(int) (*Mail, error) { return full(), nil }}, to, quiet())
		require.NoError(t, err)
		for _, loss := range Losses {
			require.Equal(t, want&loss.Loss != 0, result.Lost[loss.Loss] == 1, "%s: %s", name, loss.Name)
		}
	}
}
