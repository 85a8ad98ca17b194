package mailindex

import (
	"context"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// hostile returns a log with n messages of a few bytes each, and then records.
func hostile(n int, records ...[]byte) []byte {
	log := AppendLogHeader(nil, LogHeader{IndexID: 1, Seq: 2})
	for first := 1; first <= n; first += 1000 {
		var list []NewMessage
		for uid := first; uid < first+1000; uid++ {
			list = append(list, NewMessage{uint32(uid), 0})
		}
		log = AppendNew(log, true, list)
	}
	for _, r := range records {
		log = append(log, r...)
	}
	return log
}

// A log of a few hundred kilobytes can neither ask for gigabytes nor keep the
// reader busy for long.
func TestHostileIntros(t *testing.T) {
	const n = 100_000
	wide := func(size int) []byte { return AppendIntro(nil, true, -1, 0, Extension{"x", 0, size, 1}) }
	var again [][]byte
	for i := range 4000 {
		again = append(again, AppendIntro(nil, true, -1, 0, Extension{"x", 0, 100 + i%2, 1}))
		again[i][24] = 0 // it may shrink
	}
	headers := [][]byte{AppendIntro(nil, true, -1, 0, Extension{"h", 1 << 20, 0, 0})}
	for range 4000 {
		headers = append(headers, AppendExtReset(nil, true, 0, false))
	}
	for name, c := range map[string]struct {
		log  []byte
		good bool
	}{
		"wide":            {hostile(n, wide(4000)), false},
		"wide, then many": {append(append([]byte{}, hostile(0, wide(4000))...), hostile(n)[LogHeaderSize:]...), false},
		"again and again": {hostile(n, again...), false},
		"large headers":   {hostile(0, headers...), false},
		"many keywords":   {hostile(n, wide(125)), true}, // of a thousand
		"few messages":    {hostile(1000, wide(4000)), true},
	} {
		t.Run(name, func(t *testing.T) {
			fs, dir := openFS(t, nil), t.TempDir()
			require.NoError(t, os.WriteFile(dir+"/dovecot.index.log", c.log, 0o600))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			x, err := Open(context.Background(), fs, dir, "dovecot.index", Options{})
			runtime.ReadMemStats(&after)
			if c.good {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, ErrCorrupt)
			}
			require.NoError(t, x.Close())
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(3<<30))
		})
	}
}
