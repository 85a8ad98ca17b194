package mailfmt

import (
	"crypto/rand"
	"encoding/hex"
)

// newGUID returns a GUID that nothing else has.
func newGUID() string {
	var id [16]byte
	rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}
