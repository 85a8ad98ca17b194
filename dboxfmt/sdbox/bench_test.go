package sdbox

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

var benchBody = "Subject: x\r\n\r\n" + strings.Repeat("A line of text that is not short.\r\n", 120)

func benchStore(b *testing.B, sync fsapi.SyncMode) mailstore.Mailbox {
	x := newStore(b, newFS(b, fsapi.Auto, sync), func(o *Options) { o.Version = 2 })
	return x.open("INBOX")
}

func BenchmarkDeliver(b *testing.B) {
	for _, writers := range []int{1, 16} {
		b.Run(fmt.Sprint("writers", writers), func(b *testing.B) {
			m := benchStore(b, fsapi.SyncAlways)
			b.SetParallelism(writers)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					save(b, m, mailstore.SaveOptions{}, benchBody)
				}
			})
		})
	}
}

// One transaction.
func BenchmarkImport(b *testing.B) {
	m := benchStore(b, fsapi.SyncAlways)
	ctx := b.Context()
	tx := m.Begin()
	for b.Loop() {
		require.NoError(b, tx.Save(ctx, strings.NewReader(benchBody), mailstore.SaveOptions{}))
	}
	_, err := tx.Commit(ctx)
	require.NoError(b, err)
}

func BenchmarkFetch(b *testing.B) {
	m := benchStore(b, fsapi.SyncNever)
	tx := m.Begin()
	const messages = 1000
	for range messages {
		require.NoError(b, tx.Save(b.Context(), strings.NewReader(benchBody), mailstore.SaveOptions{}))
	}
	_, err := tx.Commit(b.Context())
	require.NoError(b, err)
	for b.Loop() {
		for mail, err := range m.Fetch(b.Context(), nil, mailstore.FetchOptions{}) {
			require.NoError(b, err)
			body, err := mail.Body(b.Context())
			require.NoError(b, err)
			_, err = io.Copy(io.Discard, body)
			require.NoError(b, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*messages), "us/message")
}
