package mailindex

import "time"

// Limits say when an index is kept short. Zero fields mean Dovecot's defaults.
type Limits struct {
	RotateMinSize int64         // bytes of a log before it is rotated for its age; 32 KiB
	RotateMaxSize int64         // bytes of a log before it is rotated anyway; 1 MiB
	RotateMinAge  time.Duration // 5 minutes
	Log2MaxAge    time.Duration // how long the log before is kept; 2 days
	RewriteMin    int64         // bytes that a log may be ahead of a small main index; 8 KiB
	RewriteMax    int64         // and of a large one; 128 KiB
}

func (l *Limits) setDefaults() {
	def := func(p *int64, v int64) {
		if *p == 0 {
			*p = v
		}
	}
	def(&l.RotateMinSize, 32<<10)
	def(&l.RotateMaxSize, 1<<20)
	def((*int64)(&l.RotateMinAge), int64(5*time.Minute))
	def((*int64)(&l.Log2MaxAge), int64(48*time.Hour))
	def(&l.RewriteMin, 8<<10)
	def(&l.RewriteMax, 128<<10)
}

// rotate reports whether a log of that size and age is to be rotated.
func (l *Limits) rotate(size int64, age time.Duration) bool {
	return size >= l.RotateMaxSize || size >= l.RotateMinSize && age >= l.RotateMinAge
}

// rewrite reports whether a main index of that many bytes is to be written again
// when the log is ahead by so much. The larger it is, the more that costs.
func (l *Limits) rewrite(ahead, size int64) bool {
	return ahead >= max(l.RewriteMin, min(size/4, l.RewriteMax))
}
