package mdbox

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
)

// expungedGUIDs returns the GUIDs of messages that the logs of an index say have
// been expunged, as far as the logs can be read.
func (s *Store) expungedGUIDs(ctx context.Context, dir, name string) (map[[16]byte]bool, error) {
	guids := map[[16]byte]bool{}
	logs := []string{filepath.Join(dir, name+".log.2"), filepath.Join(dir, name+".log")}
	var failed error
	err := s.opts.FS.ReadFiles(ctx, logs, func(_ int, data []byte, err error) {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
		addExpunged(guids, data)
	})
	return guids, errors.Join(err, failed)
}

// expungeSize is the length of an element of a record: u32 uid, 16 bytes GUID.
const expungeSize = 20

func addExpunged(guids map[[16]byte]bool, log []byte) {
	h, err := mailindex.DecodeLogHeader(log)
	if err != nil || h.Size > len(log) {
		return
	}
	for log = log[h.Size:]; ; {
		r, n, _, err := mailindex.DecodeRecord(log)
		if err != nil || n == 0 {
			return
		}
		log = log[n:]
		if r.Kind != mailindex.KindExpungeGUID || !r.External {
			continue
		}
		for p := r.Payload; len(p) >= expungeSize; p = p[expungeSize:] {
			if guid := [16]byte(p[4:expungeSize]); guid != [16]byte{} {
				guids[guid] = true
			}
		}
	}
}
