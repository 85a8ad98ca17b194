package workload

import (
	"bytes"
	"fmt"

	"github.com/ringbox/ringbox/bench/measure"
)

// same compares what was read with mail i. While that is being timed, only its
// size and a few bytes are (sampling): comparing all of them takes as long as
// reading them from the page cache.
func (t *Task) same(i int, data []byte) error {
	if err := t.samePart(i, 0, data); err != nil {
		return err
	}
	return t.sameSize(i, int64(len(data)))
}

func (t *Task) samePart(i int, off int64, p []byte) error {
	want := t.Mails[i].Data
	if end := off + int64(len(p)); end > int64(len(want)) || !t.equal(p, want[off:end]) {
		return fmt.Errorf("%s: the %d bytes at offset %d are not those of the mail", t.path(i), len(p), off)
	}
	return nil
}

func (t *Task) sameSize(i int, size int64) error {
	if want := len(t.Mails[i].Data); size != int64(want) {
		return fmt.Errorf("%s: has %d bytes, the mail has %d", t.path(i), size, want)
	}
	return nil
}

// sample is how many bytes are looked at in three places.
const sample = 16

func (t *Task) equal(a, b []byte) bool {
	if !t.sampling || len(a) <= 3*sample {
		return bytes.Equal(a, b)
	}
	for _, at := range []int{0, (len(a) - sample) / 2, len(a) - sample} {
		if !bytes.Equal(a[at:at+sample], b[at:at+sample]) {
			return false
		}
	}
	return true
}

// whole runs fn comparing all bytes and counting nothing.
func (t *Task) whole(fn func() error) error {
	counted, sampling := t.Recorder, t.sampling
	defer func() { t.Recorder, t.sampling = counted, sampling }()
	t.Recorder, t.sampling = measure.NewRecorder(0, 0, 0), false
	return fn()
}
