package mail

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGeneratedSizes(t *testing.T) {
	mails := Generate(7, 3000)
	sizes := make([]int, len(mails))
	for i, m := range mails {
		sizes[i] = len(m.Data)
	}
	slices.Sort(sizes)
	near := func(want, got int) {
		require.Less(t, math.Abs(float64(got-want))/float64(want), 0.15, "%d is not about %d", got, want)
	}
	near(medianSize, sizes[len(sizes)/2])
	near(p99Size, sizes[len(sizes)*99/100])
	near(largeSize, sizes[len(sizes)-1])
	require.Equal(t, mails, Generate(7, 3000))
	require.NotEqual(t, mails, Generate(8, 3000))
}

func TestRepeat(t *testing.T) {
	mails := Generate(1, 3)
	require.Equal(t, mails, Repeat(mails, 2))
	more := Repeat(mails, 8)
	require.Len(t, more, 8)
	for i, m := range more {
		require.Equal(t, mails[i%3], m)
	}
	require.Empty(t, Repeat(nil, 5))
}
