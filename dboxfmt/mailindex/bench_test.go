package mailindex

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
)

var benchSizes = []int{1_000, 100_000, 1_000_000}

// populated returns a directory with an index of n messages as a multi-dbox
// mailbox has them.
func populated(t testing.TB, fs *fsapi.FS, n int) string {
	dir := t.TempDir()
	x := openIndex(t, fs, dir, "dovecot.index", Options{Create: true})
	guid := make([]byte, 16)
	mdbox := Extension{"mdbox", 0, 8, 4}
	for done := 0; done < n; {
		tx := &Transaction{}
		for range min(n-done, 50_000) {
			done++
			a := tx.Append(Flags(done % 32))
			a.SetExt(mdbox, le32(nil, uint32(done), 1))
			a.SetExt(extGUID, guid)
		}
		require.NoError(t, x.Commit(context.Background(), tx))
	}
	l, err := x.Lock(context.Background())
	require.NoError(t, err)
	require.NoError(t, l.Rotate(context.Background()))
	require.NoError(t, l.Unlock())
	require.NoError(t, x.Close())
	return dir
}

func eachSize(b *testing.B, run func(b *testing.B, fs *fsapi.FS, dir string, n int)) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			fs := openFS(b, nil)
			dir := populated(b, fs, n)
			b.ReportAllocs()
			b.ResetTimer()
			run(b, fs, dir, n)
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	eachSize(b, func(b *testing.B, fs *fsapi.FS, dir string, n int) {
		for b.Loop() {
			x, err := Open(context.Background(), fs, dir, "dovecot.index", Options{})
			require.NoError(b, err)
			require.NoError(b, x.Close())
		}
	})
}

// BenchmarkFetchOne opens an index and looks one message up.
func BenchmarkFetchOne(b *testing.B) {
	eachSize(b, func(b *testing.B, fs *fsapi.FS, dir string, n int) {
		for b.Loop() {
			x, err := Open(context.Background(), fs, dir, "dovecot.index", Options{})
			require.NoError(b, err)
			v, err := x.View(context.Background())
			require.NoError(b, err)
			_, err = v.Find(context.Background(), uint32(n/3))
			require.NoError(b, err)
			require.NoError(b, x.Close())
		}
	})
}

// BenchmarkCommitOne adds a message, durably, and keeps the index short.
func BenchmarkCommitOne(b *testing.B) {
	eachSize(b, func(b *testing.B, fs *fsapi.FS, dir string, n int) {
		x, err := Open(context.Background(), fs, dir, "dovecot.index", Options{})
		require.NoError(b, err)
		for b.Loop() {
			tx := &Transaction{}
			tx.Append(0).SetExt(extGUID, make([]byte, 16))
			require.NoError(b, x.Commit(context.Background(), tx))
		}
		require.NoError(b, x.Close())
	})
}

// BenchmarkRefresh follows a message that another index has added.
func BenchmarkRefresh(b *testing.B) {
	eachSize(b, func(b *testing.B, fs *fsapi.FS, dir string, n int) {
		x, err := Open(context.Background(), fs, dir, "dovecot.index", Options{})
		require.NoError(b, err)
		log, err := os.OpenFile(x.files.log, os.O_APPEND|os.O_WRONLY, 0)
		require.NoError(b, err)
		uid := uint32(n)
		for b.Loop() {
			b.StopTimer()
			uid++
			_, err := log.Write(AppendNew(nil, true, []NewMessage{{uid, 0}}))
			require.NoError(b, err)
			b.StartTimer()
			require.NoError(b, x.Refresh(context.Background()))
		}
		require.NoError(b, log.Close())
		require.NoError(b, x.Close())
	})
}

func BenchmarkRefreshNothing(b *testing.B) {
	eachSize(b, func(b *testing.B, fs *fsapi.FS, dir string, n int) {
		x, err := Open(context.Background(), fs, dir, "dovecot.index", Options{})
		require.NoError(b, err)
		for b.Loop() {
			require.NoError(b, x.Refresh(context.Background()))
		}
		require.NoError(b, x.Close())
	})
}

// BenchmarkOpenBehind opens an index whose main file is as far behind as it may
// be.
func BenchmarkOpenBehind(b *testing.B) {
	eachSize(b, func(b *testing.B, fs *fsapi.FS, dir string, n int) {
		x, err := Open(context.Background(), fs, dir, "dovecot.index", Options{})
		require.NoError(b, err)
		var size int64
		for due := false; !due; due = x.opts.Limits.rewrite(x.ahead()) {
			size, _ = x.ahead()
			l, err := x.Lock(context.Background())
			require.NoError(b, err)
			tx := &Transaction{}
			tx.Append(0).SetExt(extGUID, make([]byte, 16))
			require.NoError(b, l.Append(context.Background(), tx))
			require.NoError(b, l.Unlock())
		}
		require.NoError(b, x.Close())
		b.ReportMetric(float64(size), "behind-bytes")
		b.ResetTimer()
		for b.Loop() {
			x, err := Open(context.Background(), fs, dir, "dovecot.index", Options{})
			require.NoError(b, err)
			require.NoError(b, x.Close())
		}
	})
}
