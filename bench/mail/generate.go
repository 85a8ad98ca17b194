package mail

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Sizes of generated mail in bytes: log-normal with the median and the 99th
// percentile of real mailing-list mail, and a few large ones.
const (
	generatedCount = 3000
	medianSize     = 7 << 10
	p99Size        = 27 << 10
	largeSize      = 1 << 20
	largeEvery     = 1000
)

// sigma of the log-normal distribution: the 99th percentile lies 2.326
// standard deviations above the median.
var sigma = math.Log(float64(p99Size)/medianSize) / 2.326

// Generate makes count mails (0: 3000), always the same ones for a seed.
func Generate(seed uint64, count int) []Message {
	if count == 0 {
		count = generatedCount
	}
	r := rand.New(rand.NewPCG(seed, seed))
	mails := make([]Message, count)
	for i := range mails {
		size := int(medianSize * math.Exp(sigma*r.NormFloat64()))
		if i%largeEvery == largeEvery/2 {
			size = largeSize
		}
		mails[i] = Message{fmt.Sprintf("generated %d", i), message(r, i, size)}
	}
	return mails
}

// message writes a mail of about size bytes: some headers and lines of words.
func message(r *rand.Rand, i, size int) []byte {
	m := fmt.Appendf(nil, "From: sender%d@example.org\nTo: list@example.org\nMessage-ID: <%d.%x@example.org>\nSubject: message %d\n\n",
		r.IntN(100), i, r.Uint64(), i)
	for len(m) < size {
		column := 0
		for column < 60 {
			n := 2 + r.IntN(9)
			for range n {
				m = append(m, byte('a'+r.IntN(26)))
			}
			m = append(m, ' ')
			column += n + 1
		}
		m[len(m)-1] = '\n'
	}
	return m
}
