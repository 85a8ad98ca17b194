//go:build !unix

package workload

// readSyscalls does what it can here: os.File.
func readSyscalls(path string, buf []byte) ([]byte, error) { return readWhole(path, buf) }
