package dboxfmt

import (
	"bytes"
	"context"
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

// dumpLine is one "offset N:" or "msg.key = value" of doveadm's dump.
var dumpLine = regexp.MustCompile(`(?m)^(?:(offset) (\d+):|(msg\.[a-z0-9-]+|file\.[a-z_]+) = (\S+))`)

// doveadmDump is what Dovecot reads in a file.
func doveadmDump(t *testing.T, data []byte) []string {
	t.Helper()
	doveadm, err := exec.LookPath("doveadm")
	if err != nil {
		t.Skip("SKIPPED: no doveadm on this machine: Dovecot did not confirm that it reads what this package writes")
	}
	path := filepath.Join(t.TempDir(), "m.1")
	require.NoError(t, os.WriteFile(path, data, 0o644))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, doveadm, "dump", "-t", "dbox", path).CombinedOutput()
	require.NoError(t, err, "%s", out)
	var lines []string
	for _, m := range dumpLine.FindAllStringSubmatch(string(out), -1) {
		lines = append(lines, m[1]+m[3]+" "+m[2]+m[4])
	}
	return lines
}

// TestDovecotReadsWhatWeWrite compares Dovecot's own dump of a version 2 file
// with what was written into it. No empty body: doveadm's dump calls a size of 0
// invalid.
func TestDovecotReadsWhatWeWrite(t *testing.T) {
	var out bytes.Buffer
	w := newTestWriter(t, &out, 2)
	want := []string{"file.msg_header_size 30", fmt.Sprintf("file.create_stamp %d", created)}
	for i, body := range []string{"Subject: a\n\nhi\n", "z", "x\x01\x02\n\x01\x03\n\r\n", xs('y', 40000)} {
		var meta Metadata
		guid := fmt.Sprintf("%032x", i+1)
		meta.Set('B', "INBOX")
		meta.Set('G', guid)
		meta.Set('R', fmt.Sprintf("%x", created+i))
		if i == 3 {
			meta.Set('P', "uidl")
			meta.Set('O', "17")
			meta.Set('Z', "ffff")
		}
		s := w.CreateSpooled(SpoolOptions{Memory: 100, New: func() (Spool, error) { return &testSpool{}, nil }})
		_, err := io.WriteString(s, body)
		require.NoError(t, err)
		m, err := s.Finish(meta)
		require.NoError(t, err)
		size, err := m.Metadata.VirtualSize()
		require.NoError(t, err)
		want = append(want, fmt.Sprintf("offset %d", m.Offset), fmt.Sprintf("msg.size %d", m.BodySize))
		if i == 3 {
			want = append(want, "msg.physical-size 65535")
		}
		want = append(want, fmt.Sprintf("msg.received %d", created+i), fmt.Sprintf("msg.virtual-size %d", size))
		if i == 3 {
			want = append(want, "msg.pop3-uidl uidl", "msg.pop3-order 17")
		}
		want = append(want, "msg.guid "+guid, "msg.orig-mailbox INBOX")
	}
	require.Equal(t, want, doveadmDump(t, out.Bytes()))
}
