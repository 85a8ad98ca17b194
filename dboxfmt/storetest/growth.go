package storetest

import (
	"context"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/fsapi"
)

// MillionVariable is the variable of the environment without which no store of a
// million messages is made.
const MillionVariable = "RINGBOX_MILLION"

// Few and Many are how many messages the stores of [Growth] have in INBOX.
const (
	Few  = 1000
	Many = 1_000_000
)

// Grown is a store with Few messages in INBOX, UIDs from 1 on, or with the Many
// that Inflate has made of them.
type Grown struct {
	Open func() mailstore.Store
	// Pick returns the UID of some message that can be fetched.
	Pick func(*rand.Rand) uint32
}

// Growth is a benchmark of what work costs in a store with few messages and in one
// with many: both in turns, in one run. It reports the medians of both and how many
// times the cost grows (x), and the same of means, which have the now and then of
// writing an index anew in them (x-mean). Where the file system has put a directory
// makes a difference too: what counts is the median of several runs (-count).
func Growth(b *testing.B, few, many Grown) {
	b.Run("save", func(b *testing.B) { inTurns(b, few, many, saveOne) })
	b.Run("open", func(b *testing.B) { inTurns(b, few, many, openOnce) }) // with the log that saving has left
	b.Run("fetch", func(b *testing.B) { inTurns(b, few, many, fetchOne) })
	b.Run("memory", func(b *testing.B) { memory(b, few, many) })
}

// work returns what is measured, and what ends it.
type work func(b *testing.B, g Grown) (once func(), end func())

func inTurns(b *testing.B, few, many Grown, w work) {
	small, endSmall := w(b, few)
	large, endLarge := w(b, many)
	defer endSmall()
	defer endLarge()
	small() // what is done the first time only is not what grows
	large()
	var a, z []time.Duration
	for b.Loop() {
		a, z = append(a, timed(small)), append(z, timed(large))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(median(a))/1e3, "us-few")
	b.ReportMetric(float64(median(z))/1e3, "us-many")
	b.ReportMetric(float64(median(z))/float64(median(a)), "x")
	b.ReportMetric(float64(mean(z))/float64(mean(a)), "x-mean")
}

func timed(do func()) time.Duration {
	start := time.Now()
	do()
	return time.Since(start)
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return max(1, d[len(d)/2])
}

func mean(d []time.Duration) (sum time.Duration) {
	for _, t := range d {
		sum += t
	}
	return max(1, sum/time.Duration(len(d)))
}

func openOnce(b *testing.B, g Grown) (func(), func()) {
	return func() {
		s, m := g.inbox(b)
		_, err := m.Status(b.Context())
		require.NoError(b, err)
		require.NoError(b, m.Close())
		require.NoError(b, s.Close())
	}, func() {}
}

func (g Grown) inbox(b *testing.B) (mailstore.Store, mailstore.Mailbox) {
	s := g.Open()
	m, err := s.Open(b.Context(), mailstore.Inbox)
	require.NoError(b, err)
	return s, m
}

func saveOne(b *testing.B, g Grown) (func(), func()) {
	s, m := g.inbox(b)
	return func() {
			tx := m.Begin()
			require.NoError(b, tx.Save(b.Context(), strings.NewReader(growthBody), mailstore.SaveOptions{}))
			_, err := tx.Commit(b.Context())
			require.NoError(b, err)
		}, func() {
			require.NoError(b, m.Close())
			require.NoError(b, s.Close())
		}
}

func fetchOne(b *testing.B, g Grown) (func(), func()) {
	s, m := g.inbox(b)
	random := rand.New(rand.NewSource(1))
	return func() {
			uids := []uint32{g.Pick(random)}
			for mail, err := range m.Fetch(b.Context(), uids, mailstore.FetchOptions{}) {
				require.NoError(b, err)
				body, err := mail.Body(b.Context())
				require.NoError(b, err)
				_, err = io.Copy(io.Discard, body)
				require.NoError(b, err)
			}
		}, func() {
			require.NoError(b, m.Close())
			require.NoError(b, s.Close())
		}
}

// memory reports the bytes that a store with an open mailbox holds for each
// message that it has more than the other.
func memory(b *testing.B, few, many Grown) {
	held := func(g Grown) float64 {
		before := heap()
		s, m := g.inbox(b)
		random := rand.New(rand.NewSource(1))
		for range 100 { // pages of indexes come in
			for _, err := range m.Fetch(b.Context(), []uint32{g.Pick(random)}, mailstore.FetchOptions{}) {
				require.NoError(b, err)
			}
		}
		after := heap()
		require.NoError(b, m.Close())
		require.NoError(b, s.Close())
		return float64(after) - float64(before)
	}
	perMessage := (held(many) - held(few)) / (Many - Few) // once is enough
	for b.Loop() {
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(perMessage, "B/message")
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

var growthBody = "Subject: x\n\n" + strings.Repeat("A line of text that is not short.\n", 60)

// Fill saves Few messages to INBOX of a store, and closes it.
func Fill(b *testing.B, s mailstore.Store) {
	ctx := context.Background()
	m, err := s.Open(ctx, mailstore.Inbox)
	require.NoError(b, err)
	bodies := slices.Repeat([]string{growthBody}, Few)
	uids := Save(ctx, b, m, mailstore.SaveOptions{}, bodies...)
	require.Equal(b, uint32(Few), uids[Few-1])
	require.NoError(b, m.Close())
	require.NoError(b, s.Close())
}

// Inflate makes an index of Few messages one of Many: those that it has come again
// and again, under the next UIDs, with the same data of extensions. change may
// change the data of one.
func Inflate(b *testing.B, fsys *fsapi.FS, dir, name string, change func(uid uint32, extension string, data []byte)) {
	ctx := context.Background()
	x, err := mailindex.Open(ctx, fsys, dir, name, mailindex.Options{Limits: mailindex.Limits{
		RotateMinSize: 1 << 40, RotateMaxSize: 1 << 40, RewriteMin: 1 << 40, RewriteMax: 1 << 40,
	}})
	require.NoError(b, err)
	defer x.Close()
	l, err := x.Lock(ctx)
	require.NoError(b, err)
	defer l.Unlock()
	v, err := l.View(ctx)
	require.NoError(b, err)
	require.Equal(b, Few, v.Count())
	const batch = 50
	for n := Few; n < Many; n += batch * Few {
		var tx mailindex.Transaction
		for i := range min(batch, (Many-n)/Few) {
			repeat(ctx, b, &tx, v, uint32(n+i*Few+1), change)
		}
		tx.Done()
		require.NoError(b, l.Append(ctx, &tx))
	}
	require.NoError(b, l.Rotate(ctx))
	require.NoError(b, os.Remove(filepath.Join(dir, name+".log.2")))
	v, err = l.View(ctx)
	require.NoError(b, err)
	require.Equal(b, Many, v.Count(), fmt.Sprint(v.NextUID()))
}

func repeat(ctx context.Context, b *testing.B, tx *mailindex.Transaction, v *mailindex.View, uid uint32, change func(uint32, string, []byte)) {
	for m, err := range v.All(ctx, 1, v.Count()) {
		require.NoError(b, err)
		added := tx.Append(m.Flags)
		for i, e := range v.Extensions() {
			if e.RecordSize == 0 || e.Name == "keywords" {
				continue
			}
			data := slices.Clone(m.Ext(mailindex.Field(i)))
			change(uid, e.Name, data)
			added.SetExt(e, data)
		}
		uid++
	}
}
