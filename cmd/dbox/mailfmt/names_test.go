package mailfmt

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLFReader(t *testing.T) {
	for in, want := range map[string]string{
		"":                          "",
		"a\r\nb\r\n":                "a\nb\n",
		"\r":                        "\r",
		"\r\r\n\r\n\n\r":            "\r\n\n\n\r",
		"a\rb\n":                    "a\rb\n",
		strings.Repeat("\r\n", 1e5): strings.Repeat("\n", 1e5),
	} {
		for _, r := range []io.Reader{
			strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in)), iotest.DataErrReader(strings.NewReader(in)),
		} {
			got, err := io.ReadAll(&lfReader{r: r})
			require.NoError(t, err)
			require.True(t, want == string(got), "%.40q: %.40q", in, got)
		}
	}
	_, err := io.Copy(&bytes.Buffer{}, &lfReader{r: iotest.ErrReader(io.ErrClosedPipe)})
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

func TestMaildirNames(t *testing.T) {
	for name, want := range map[string]struct {
		base     string
		flags    Flags
		keywords []string
	}{
		"1.M2P3.host":              {"1.M2P3.host", Flags{}, nil},
		"1.M2P3.host:2,":           {"1.M2P3.host", Flags{}, nil},
		"1.M2P3.host:2,FS":         {"1.M2P3.host", Flags{Flagged: true, Seen: true}, nil},
		"1.M2P3.host;2,FS":         {"1.M2P3.host", Flags{Flagged: true, Seen: true}, nil},
		"1.M2P3.host!2,":           {"1.M2P3.host", Flags{}, nil},
		"1.M2P3.host;2,F.x":        {"1.M2P3.host;2,F.x", Flags{}, nil},
		"1.M2P3.host,S=1:2,DFPRST": {"1.M2P3.host,S=1", Flags{Draft: true, Flagged: true, Answered: true, Seen: true, Deleted: true}, []string{forwarded}},
	} {
		base, flags, keywords := splitName(name, nil)
		require.Equal(t, want.base, base)
		require.Equal(t, want.flags, flags)
		require.Equal(t, want.keywords, keywords)
		if strings.Contains(name, ":") {
			require.Equal(t, name, joinName(base, infoMark, flags, keywords, ""))
		}
	}
}

func TestMaildirGUIDs(t *testing.T) {
	const hex = "0123456789abcdef0123456789abcdef"
	received := time.Unix(1500000000, 0)
	for guid, want := range map[string]string{ // empty: not kept
		hex:                             hex,
		"1500000000.M1P2.host":          "1500000000.M1P2.host",
		"1500000000.M1P2.host,S=3":      "1500000000.M1P2.host,S=3",
		"1500000000.M1P2.host;2,S":      "", // would come back without its end
		"":                              "",
		"../../etc/passwd":              "",
		"1.a/b":                         "",
		"1.a:2,S":                       "",
		"1.a b":                         "",
		"UPPER":                         "",
		"1." + strings.Repeat("x", 300): "",
		"1.N00000001G" + hex + ".dbox":  "", // would come back as hex
	} {
		base, kept := baseFor(guid, received, 1)
		require.Equal(t, want != "", kept, guid)
		require.NotContains(t, base, "/")
		require.NotContains(t, base, ":")
		require.Less(t, len(base), 240)
		if kept {
			require.Equal(t, want, guidOfBase(base))
		}
		require.EqualValues(t, 1500000000, max(seconds(base), 1500000000))
	}
}

func TestEML(t *testing.T) {
	const hex = "0123456789abcdef0123456789abcdef"
	dir := t.TempDir()
	changed := time.Unix(1400000000, 0)
	for name, text := range map[string]string{
		"000002." + hex + ".eml": "Date: Mon, 1 Jan 2024 00:00:01 +0100\n\n",
		"000010.eml":             "Date: yesterday\n\n",
		"a.EML":                  "no header",
		"a.txt":                  "", ".hidden.eml": "",
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		require.NoError(t, os.Chtimes(path, changed, changed))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "dir.eml"), 0o700))
	src, err := OpenEML(t.Context(), newFS(t), dir)
	require.NoError(t, err)
	defer src.Close()
	for _, want := range []struct {
		name, guid string
		received   int64
	}{
		{"a.EML", "", 1400000000},
		{"000002." + hex + ".eml", hex, 1704063601},
		{"000010.eml", "", 1400000000},
	} {
		m, err := src.Next()
		require.NoError(t, err)
		require.Equal(t, want.name, filepath.Base(m.Name))
		require.Equal(t, want.guid, m.GUID)
		require.Equal(t, want.received, m.Received.Unix())
	}
	_, err = src.Next()
	require.Equal(t, io.EOF, err)
}

// A file that has gone is a problem, and the next one is read.
func TestFileThatIsGone(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"1.eml", "2.eml"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	src, err := OpenEML(t.Context(), newFS(t), dir)
	require.NoError(t, err)
	defer src.Close()
	require.NoError(t, os.Remove(filepath.Join(dir, "1.eml")))
	_, err = src.Next()
	var p *Problem
	require.ErrorAs(t, err, &p)
	require.Equal(t, filepath.Join(dir, "1.eml"), p.File)
	m, err := src.Next()
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "2.eml"), m.Name)
}

func TestParseLocation(t *testing.T) {
	for text, want := range map[string]Location{
		"maildir:a/b":   {Format: Maildir, Path: "a/b"},
		"mdbox:x:ALT=y": {Format: MultiStore, Path: "x", Alt: "y"},
		"sdbox-files:x": {Format: SingleBoxes, Path: "x"},
		"mbox:a:b":      {Format: Mbox, Path: "a:b"},
		"a/b":           {Path: "a/b"},
		"./foo:bar":     {Path: "./foo:bar"},
		`C:\mail\m.1`:   {Path: `C:\mail\m.1`},
	} {
		got, err := ParseLocation(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"maildir:", "sdbox:", "mdbox:x:INDEX=y", "foo:bar"} {
		_, err := ParseLocation(text)
		require.Error(t, err, text)
	}
}

func TestGuess(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"maildir/cur/1": "", "eml/1.eml": "", "sdbox/u.1": "", "mdbox/m.1": "", "mixed/u.1": "", "mixed/m.1": "", "empty/x": "",
		"a-mbox": "From a Sat Jan  3 01:05:34 1996\n", "a-box": "3 M13 C5f3c2a10\n", "m.1": "damaged", "u.1": "", "x.eml": "Subject: x\n", "text": "x",
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	for name, want := range map[string]Format{
		"maildir": Maildir, "eml": EML, "sdbox": SingleBoxes, "mdbox": MultiBoxes, "a-mbox": Mbox, "a-box": MultiBoxes,
		"m.1": MultiBoxes, "u.1": SingleBoxes, "x.eml": EML, "mixed": "", "empty": "", "text": "",
	} {
		l, err := Location{Path: filepath.Join(dir, name)}.Guess(t.Context(), newFS(t))
		if want == "" {
			require.ErrorIs(t, err, ErrGuess, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, want, l.Format, name)
	}
	for name, want := range map[string]Format{"maildir": Maildir, "new.mbox": Mbox, "new": "", "empty": ""} {
		l, err := Location{Path: filepath.Join(dir, name)}.GuessNew(t.Context(), newFS(t))
		if want == "" {
			require.ErrorIs(t, err, ErrGuess, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, want, l.Format, name)
	}
}

// Keywords get letters, up to 26 in a folder, and keep those they have.
func TestMaildirKeywords(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "maildir")
	fsys := newFS(t)
	write := func(keywords ...string) Loss {
		to, err := CreateMaildir(t.Context(), fsys, dir, false)
		require.NoError(t, err)
		m := textMail("Subject: x\n\n")
		m.Keywords = keywords
		lost, err := to.Add(m)
		require.NoError(t, err)
		require.NoError(t, to.Finish())
		return lost
	}
	read := func() (all [][]string) {
		src, err := OpenMaildir(t.Context(), fsys, dir)
		require.NoError(t, err)
		defer src.Close()
		for {
			m, err := src.Next()
			if err == io.EOF {
				return all
			}
			require.NoError(t, err)
			all = append(all, m.Keywords)
		}
	}
	require.NoError(t, os.MkdirAll(dir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, keywordsFile), []byte("1 Second\nnonsense\n99 x\n-1 y\n0 First\n"), 0o600))
	require.Zero(t, write("Third", "$Forwarded", "first"))
	require.Equal(t, [][]string{{"$Forwarded", "First", "Third"}}, read())
	text, err := os.ReadFile(filepath.Join(dir, keywordsFile))
	require.NoError(t, err)
	require.Equal(t, "0 First\n1 Second\n2 Third\n", string(text))
	var many []string
	for i := range maxLetters {
		many = append(many, fmt.Sprint("k", i))
	}
	require.Equal(t, LostKeywords, write(many...), "three have letters already")
	require.Zero(t, write(many[:maxLetters-3]...))
	require.Contains(t, read(), many[:maxLetters-3])
}
