package job

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The binary and decimal meanings are the other way round unless kb_base is
// 1000: that is what fio does.
func TestSizes(t *testing.T) {
	for _, c := range []struct {
		value      string
		base, want int64
	}{
		{"4096", 1024, 4096}, {"4k", 1024, 4096}, {"4K", 1024, 4096}, {"4kb", 1024, 4096}, {"4KB", 1024, 4096},
		{"4ki", 1024, 4000}, {"4KiB", 1024, 4000}, {"1m", 1024, 1 << 20}, {"1MiB", 1024, 1_000_000},
		{"1g", 1024, 1 << 30}, {"1t", 1024, 1 << 40}, {"1p", 1024, 1 << 50}, {"0x10", 1024, 16}, {"0", 1024, 0},
		{"512b", 1024, 512}, {"4k", 1000, 4000}, {"4kib", 1000, 4096},
	} {
		got, err := parseSize(c.value, c.base)
		require.NoError(t, err, c.value)
		require.Equal(t, c.want, got, c.value)
	}
	for _, bad := range []string{"", "k", "4x", "4kx", "4i", "--4", "4 k", "99999999999999999999", "9000p"} {
		_, err := parseSize(bad, 1024)
		require.Error(t, err, bad)
	}
}
