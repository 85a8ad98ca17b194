//go:build !unix

package engine

// pread is what os.File makes of it.
func (e *preadEngine) pread(r *Request) (int, error) { return e.files[r.File].ReadAt(r.Buf, r.Off) }
