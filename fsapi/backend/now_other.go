//go:build !linux

package backend

// HasReadNow: this platform has no read that cannot block.
const HasReadNow = false

// ReadNow never answers on this platform.
func ReadNow(h *Handle, p []byte, off int64) (n int, ok bool) { return 0, false }
