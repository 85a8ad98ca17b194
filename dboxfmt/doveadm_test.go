package dboxfmt

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// dumpLine is one "offset N:" or "msg.key = value" of doveadm's dump; what is in
// parentheses says a time once more.
var dumpLine = regexp.MustCompile(`(?m)^(?:(offset) (\d+):|(msg\.[a-z0-9-]+|file\.[a-z_]+) = (.*?)(?: \(.*\))?)$`)

// findDoveadm skips the test, loudly, where there is no Dovecot.
func findDoveadm(t *testing.T) string {
	t.Helper()
	doveadm, err := exec.LookPath("doveadm")
	if err != nil {
		t.Skip("SKIPPED: no doveadm on this machine: Dovecot did not confirm that it reads what this package writes")
	}
	return doveadm
}

// doveadmDump is what Dovecot reads in a file.
func doveadmDump(t *testing.T, data []byte) []string {
	t.Helper()
	doveadm := findDoveadm(t)
	path := filepath.Join(t.TempDir(), "m.1")
	require.NoError(t, os.WriteFile(path, data, 0o644))
	out, err := exec.CommandContext(soon(t), doveadm, "dump", "-t", "dbox", path).CombinedOutput()
	require.NoError(t, err, "%s", out)
	var lines []string
	for _, m := range dumpLine.FindAllStringSubmatch(string(out), -1) {
		lines = append(lines, m[1]+m[3]+" "+m[2]+m[4])
	}
	return lines
}

// dumped is what doveadmDump should say about a file that was read here.
func dumped(t *testing.T, h FileHeader, all []found) []string {
	lines := []string{
		fmt.Sprintf("file.msg_header_size %d", h.MessageHeaderSize),
		fmt.Sprintf("file.create_stamp %d", h.Created),
	}
	for _, f := range all {
		lines = append(lines, fmt.Sprintf("offset %d", f.Offset), fmt.Sprintf("msg.size %d", f.BodySize))
		if size, err := f.Metadata.PlainSize(); err == nil {
			lines = append(lines, fmt.Sprintf("msg.physical-size %d", size))
		}
		if at, err := f.Metadata.Received(); err == nil {
			lines = append(lines, fmt.Sprintf("msg.received %d", at.Unix()))
		}
		if size, err := f.Metadata.VirtualSize(); err == nil {
			lines = append(lines, fmt.Sprintf("msg.virtual-size %d", size))
		}
		lines = append(lines, dumpedTexts(t, f)...)
	}
	return lines
}

func dumpedTexts(t *testing.T, f found) (lines []string) {
	if uidl, err := f.Metadata.POP3UIDL(); err == nil {
		lines = append(lines, "msg.pop3-uidl "+uidl)
	}
	if order, err := f.Metadata.POP3Order(); err == nil {
		lines = append(lines, fmt.Sprintf("msg.pop3-order %d", order))
	}
	if guid, err := f.Metadata.GUID(); err == nil {
		lines = append(lines, "msg.guid "+guid)
	}
	if mailbox, err := f.Metadata.Mailbox(); err == nil {
		lines = append(lines, "msg.orig-mailbox "+mailbox)
	}
	parts, err := f.Metadata.ExternalParts()
	if err != nil {
		require.ErrorIs(t, err, ErrNoItem)
	}
	for _, p := range parts {
		lines = append(lines, fmt.Sprintf("msg.ext-ref %d %d %s %s", p.Start, p.Size, p.Options, p.Ref))
	}
	return lines
}

// TestDovecotDumpsTheSame compares Dovecot's dump of every file that it has
// written itself with what is read here.
func TestDovecotDumpsTheSame(t *testing.T) {
	for _, store := range stores {
		for name, data := range storeFiles(t, store) {
			h, all, err := readForward(bytes.NewReader(data), DecoderOptions{})
			require.NoError(t, err)
			require.Equal(t, dumped(t, h, all), doveadmDump(t, data), "%s/%s", store, name)
		}
	}
}

// TestDovecotReadsWhatWeWrite compares Dovecot's own dump of a version 2 file
// with what was written into it. No empty body: doveadm's dump calls a size of 0
// invalid.
func TestDovecotReadsWhatWeWrite(t *testing.T) {
	var out bytes.Buffer
	w := newTestWriter(t, &out, 2)
	var want []found
	for i, body := range []string{"Subject: a\n\nhi\n", "z", "x\x01\x02\n\x01\x03\n\r\n", xs('y', 40000)} {
		meta := Metadata{{'R', fmt.Sprintf("%x", created+i)}, {'G', fmt.Sprintf("%032x", i+1)}, {'B', "INBOX"}}
		if i == 3 {
			meta.Set('P', "uidl")
			meta.Set('O', "17")
			meta.Set('Z', "ffff")
			meta.Set('X', "5 100 B76 ab/cd/abcd-1")
		}
		s := w.CreateSpooled(SpoolOptions{Memory: 100, New: func() (Spool, error) { return &testSpool{}, nil }})
		_, err := io.WriteString(s, body)
		require.NoError(t, err)
		m, err := s.Finish(meta)
		require.NoError(t, err)
		want = append(want, found{*m, body})
	}
	require.Equal(t, dumped(t, NewFileHeader(2, time.Unix(created, 0)), want), doveadmDump(t, out.Bytes()))
}
