package rounds

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Where an engine does something else than the job's words say, the result says
// so.
func TestNotes(t *testing.T) {
	for _, c := range []struct{ options, engine, says string }{
		{"rw=read\niodepth=8", "sync", "iodepth=8 is 1 here"},
		{"rw=write", "threadpool", "writes are appended"},
		{"rw=read", "threadpool", "no hint for the kernel"},
		{"rw=write\nverify=crc32c", "sync", "16 blocks read back and verified"},
	} {
		out := must(t, "[j]\nsize=64k\nioengine="+c.engine+"\n"+c.options, Options{})
		require.Contains(t, strings.Join(out.Turns[c.engine][0][0].Clones[0].Notes, "; "), c.says)
	}
	require.Empty(t, must(t, "[j]\nsize=64k\nioengine=sync", Options{}).Turns["sync"][0][0].Clones[0].Notes)
}
