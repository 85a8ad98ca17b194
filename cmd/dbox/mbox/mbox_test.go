package mbox

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
)

var arrival = time.Date(2020, 8, 19, 12, 34, 56, 0, time.UTC)

// nasty are texts that a careless mbox program changes.
var nasty = []string{
	"",
	"\n",
	"\n\n\n",
	"x",
	"From ",
	"From",
	"From a@b Wed Aug 19 12:34:56 2020",
	"From a@b Wed Aug 19 12:34:56 2020\n",
	">From x\n>>From y\n>",
	">>>>>>>>From x\nFro\nFrom",
	"Subject: x\n\nFrom here\n>From there\n >From\n",
	"Subject: x\n\nno end of line",
	"Subject: x\n\n\n",
	"Subject: x\r\n\r\nFrom crlf\r\n\r\n",
	"a\r",
	"a\r\r\n",
	"Status: RO\nX-Status: AF\nX-Keywords: x\nSubject: own\n\n",
	"Status: RO\nX-Status: AF\nSubject: own\n\n",
	"X-Keywords: x\n\nStatus: O\n",
	"\x00\x01\xff\n\x00",
	strings.Repeat(">", 200000) + "From x\n",
	strings.Repeat("x", 5<<20) + "\nFrom 5 MiB before\n",
	strings.Repeat("y", bufferSize-1) + "\r\n" + strings.Repeat("z", bufferSize) + "\r\n",
}

func write(t require.TestingT, texts []string, from From, status Status) []byte {
	var file bytes.Buffer
	w := NewWriter(&file)
	for _, text := range texts {
		require.NoError(t, w.Create(from, status))
		_, err := io.Copy(struct{ io.Writer }{w}, strings.NewReader(text))
		require.NoError(t, err)
		require.NoError(t, w.Finish())
	}
	return file.Bytes()
}

func read(t require.TestingT, file io.Reader) (texts []string, all []*Message) {
	r := NewReader(file)
	for {
		m, err := r.Next()
		if err == io.EOF {
			return texts, all
		}
		require.NoError(t, err)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		texts, all = append(texts, string(text)), append(all, m)
	}
}

func same(t require.TestingT, want, got []string) {
	require.Len(t, got, len(want))
	for i := range want {
		require.True(t, want[i] == got[i], "text %d: %.100q became %.100q", i, want[i], got[i])
	}
}

func TestRoundTrip(t *testing.T) {
	from := From{Sender: "a@example.org", Date: arrival}
	status := Status{Seen: true, Flagged: true, Draft: true, Keywords: []string{"$Forwarded", "b"}}
	file := write(t, nasty, from, status)
	texts, all := read(t, bytes.NewReader(file))
	same(t, nasty, texts)
	for i, m := range all {
		require.True(t, from.Date.Equal(m.Date), i)
		require.Equal(t, from.Sender, m.Sender)
		require.Equal(t, status, m.Status)
	}
	// From any message on, in pieces of any size.
	for i, m := range all[:len(all)-3] {
		texts, _ := read(t, iotest.OneByteReader(bytes.NewReader(file[m.Offset:all[i+1].Offset])))
		same(t, nasty[i:i+1], texts)
	}
}

// Bytes that are written one at a time are quoted all the same.
func TestWriteInPieces(t *testing.T) {
	text := "From x\n>From y\nFroFrom \n"
	var whole, pieces bytes.Buffer
	for n, out := range map[int]*bytes.Buffer{1: &pieces, len(text): &whole} {
		w := NewWriter(out)
		require.NoError(t, w.Create(From{}, Status{}))
		for at := 0; at < len(text); at += n {
			_, err := w.Write([]byte(text[at : at+n]))
			require.NoError(t, err)
		}
		require.NoError(t, w.Finish())
	}
	require.Equal(t, whole.String(), pieces.String())
	require.Equal(t, "From MAILER-DAEMON Thu Jan  1 00:00:00 1970\nStatus: \nX-Status: \nX-Keywords: \n"+
		">From x\n>>From y\nFroFrom \n\n", whole.String())
}

// TestForeign: files that other programs write.
func TestForeign(t *testing.T) {
	const sep = "From a@b  Sat Jan  3 01:05:34 1996\n"
	for name, c := range map[string]struct {
		file  string
		texts []string
	}{
		"empty file":                {"", nil},
		"empty lines first":         {"\n\r\n" + sep + "a\n\n", []string{"a\n"}},
		"only a From_ line":         {sep, []string{""}},
		"no line end at all":        {strings.TrimSpace(sep), []string{""}},
		"no empty line at the end":  {sep + "a\n\nb\n", []string{"a\n\nb"}},
		"no line end at the end":    {sep + "a\n\nb", []string{"a\n\nb"}},
		"no empty line between":     {sep + "a\n" + sep + "b\n\n", []string{"a", "b\n"}},
		"mboxo quoting":             {sep + "a\n\n>From x\n\n", []string{"a\n\nFrom x\n"}},
		"no quoting":                {sep + "a\n\nFrom here to there\n\n", []string{"a\n\nFrom here to there\n"}},
		"CRLF":                      {"From a Sat Jan  3 01:05:34 1996\r\na\r\n\r\n>From x\r\n\r\nFrom a Sat Jan  3 01:05:34 1996\r\nb\r\n\r\n", []string{"a\r\n\r\nFrom x\r\n", "b\r\n"}},
		"From_ line without a date": {"From nobody\na\n\n", []string{"a\n"}},
		"status further down":       {sep + "Subject: x\nStatus: RO\n\na\n\n", []string{"Subject: x\nStatus: RO\n\na\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			texts, _ := read(t, strings.NewReader(c.file))
			same(t, c.texts, texts)
		})
	}
}

func TestForeignStatus(t *testing.T) {
	_, all := read(t, strings.NewReader("From a Sat Jan  3 01:05:34 1996\nSubject: x\nX-Status: AD\nstatus: RO\nStatus: \nX-Keywords: a  b\n\nX-Status: F\n\n"))
	require.Equal(t, Status{Seen: true, Old: true, Answered: true, Deleted: true, Keywords: []string{"a", "b"}}, all[0].Status)
}

func TestNotMbox(t *testing.T) {
	for _, file := range []string{"Subject: x\n\n", "2 M1e C5f3c2a10\n", "From: x\n", "x"} {
		_, err := NewReader(strings.NewReader(file)).Next()
		require.ErrorIs(t, err, ErrFormat)
		require.ErrorContains(t, err, "offset 0")
	}
}

func TestReadErrorIsPassedOn(t *testing.T) {
	broken := errors.New("broken device")
	for n := range 60 {
		file := write(t, []string{"one\n", "Subject: two\n\n>From x\n"}, From{Sender: "s", Date: arrival}, Status{})
		r := NewReader(io.MultiReader(bytes.NewReader(file[:n*len(file)/60]), iotest.ErrReader(broken)))
		var err error
		for err == nil {
			_, err = r.Next()
		}
		require.ErrorIs(t, err, broken, n)
	}
}

func TestFromLine(t *testing.T) {
	for line, want := range map[string]From{
		"From a@b Wed Aug 19 12:34:56 2020":                      {"a@b", arrival},
		"From a@b Wed Aug 19 14:34:56 2020 +0200":                {"a@b", arrival},
		"From a@b Wed Aug 19 14:34:56 +0200 2020":                {"a@b", arrival},
		"From a@b Wed Aug 19 12:34:56 UTC 2020":                  {"a@b", arrival},
		"From a at example.org  Wed Aug 19 12:34:56 2020 remote": {"a at example.org", arrival},
		"From - Wed, 19 Aug 2020 12:34:56 +0000":                 {"-", arrival},
		"From Wed Aug 19 12:34 2020":                             {"", arrival.Truncate(time.Minute)},
	} {
		got, ok := parseFrom(line)
		require.True(t, ok, line)
		require.Equal(t, want.Sender, got.Sender, line)
		require.True(t, want.Date.Equal(got.Date), "%s: %v", line, got.Date)
	}
	for _, line := range []string{
		"From", "From ", "From a@b", "From: a@b Wed Aug 19 12:34:56 2020", "From a@b Wed Aug 19 2020",
		"From a@b Wed Aug 32 12:34:56 2020", "From a@b Wed Aug 19 24:34:56 2020", "From a@b Aug 19 12:34:56 2020",
		"From a@b Wed Aug 19 12:34:56 20", "From Wed on, we meet at 12:30", "From a@b Wed Aug 19 1:2:3:4 2020",
	} {
		_, ok := parseFrom(line)
		require.False(t, ok, line)
	}
}

func TestFromLineWritten(t *testing.T) {
	for _, c := range []struct {
		from From
		line string
	}{
		{From{}, "From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n"},
		{From{Sender: "a b\nc", Date: arrival.In(time.FixedZone("x", 3600))}, "From a-b-c Wed Aug 19 12:34:56 2020\n"},
		{From{Sender: "a", Date: time.Date(12020, 1, 1, 0, 0, 0, 0, time.UTC)}, "From a Thu Jan  1 00:00:00 1970\n"},
	} {
		require.Equal(t, c.line, string(c.from.append(nil)))
	}
}

// FuzzRoundTrip: two messages come back as they are, whatever is in them.
func FuzzRoundTrip(f *testing.F) {
	for _, text := range nasty {
		if len(text) < 1000 {
			f.Add(text, "x", true)
		}
	}
	f.Fuzz(func(t *testing.T, first, second string, seen bool) {
		texts := []string{first, second}
		file := write(t, texts, From{Date: arrival}, Status{Seen: seen})
		got, all := read(t, bytes.NewReader(file))
		same(t, texts, got)
		require.Equal(t, seen, all[1].Seen)
		second2, _ := read(t, bytes.NewReader(file[all[1].Offset:]))
		same(t, texts[1:], second2)
	})
}

// FuzzReader: whatever a file holds is read without inventing anything, and
// what was read comes back the same through Writer.
func FuzzReader(f *testing.F) {
	for _, text := range nasty {
		if len(text) < 1000 {
			f.Add([]byte("From a Sat Jan  3 01:05:34 1996\n" + text))
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		r := NewReader(bytes.NewReader(file))
		var texts []string
		total := 0
		for {
			_, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				require.ErrorIs(t, err, ErrFormat)
				return
			}
			text, err := io.ReadAll(r)
			require.NoError(t, err)
			texts, total = append(texts, string(text)), total+len(text)
		}
		require.LessOrEqual(t, total, len(file))
		got, _ := read(t, bytes.NewReader(write(t, texts, From{}, Status{})))
		same(t, texts, got)
	})
}
