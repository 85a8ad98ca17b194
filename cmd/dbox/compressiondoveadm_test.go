//go:build linux

package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What Dovecot's own plugin compresses is told apart and, but for lz4, read.
func TestCompressedByDovecot(t *testing.T) {
	for _, method := range []string{"gz", "bz2", "zstd", "lz4"} {
		for _, kind := range kinds {
			t.Run(method+" "+kind, func(t *testing.T) {
				b := newBeside(t, kind)
				text := "Subject: " + method + "\n\n" + strings.Repeat("the same again\n", 200)
				if !b.compress(text, method) {
					t.Skip("SKIPPED: this Dovecot does not compress with " + method)
				}
				b.own()
				o := dbox(t, "verify", b.location)
				require.Equal(t, exitOK, o.code, "%+v", o)
				fetched := dbox(t, "fetch", b.location, "INBOX", "1")
				if method == "lz4" {
					require.Contains(t, o.stderr, "compressed with lz4")
					require.Contains(t, o.stderr, "NOT CHECKED")
					require.Contains(t, fetched.stderr, "lz4")
					require.NotEqual(t, exitOK, fetched.code)
					return
				}
				require.Contains(t, o.stderr, "1 good message")
				require.Equal(t, text, fetched.stdout)
			})
		}
	}
}

// compress lets Dovecot save a message.
func (b *beside) compress(text, method string) bool {
	cmd := exec.CommandContext(b.t.Context(), b.doveadm, "-c", b.at("dovecot.conf"), "-o", "mail_location="+b.location,
		"-o", "mail_plugins=zlib", "-o", "plugin/zlib_save="+method, "save", "-m", "INBOX")
	b.as(cmd, text)
	if cmd.Run() != nil {
		return false
	}
	b.own()
	m := objects[fetchedJSON](b.t, "fetch", "--json", b.location, "INBOX", "1")[0]
	return m.StoredSize < m.Size
}
