package main

import (
	"bytes"
	"fmt"
)

// differ compares a piece of mail i that was read at off, or its end.
func (t *target) differ(i int, off int64, got []byte) error {
	want := t.mails[i].Data
	if off+int64(len(got)) > int64(len(want)) {
		return fmt.Errorf("%s: longer than the %d bytes of %s", t.path(i), len(want), t.mails[i].Name)
	}
	want = want[off : off+int64(len(got))]
	if bytes.Equal(got, want) {
		return nil
	}
	for k := range got {
		if got[k] != want[k] {
			off += int64(k)
			return fmt.Errorf("%s: offset %d: read %#02x, delivered %#02x (%s)", t.path(i), off, got[k], want[k], t.mails[i].Name)
		}
	}
	return nil
}

// ended checks that mail i may end at off.
func (t *target) ended(i int, off int64) error {
	if want := int64(len(t.mails[i].Data)); off != want {
		return fmt.Errorf("%s: ends at offset %d, delivered %d bytes (%s)", t.path(i), off, want, t.mails[i].Name)
	}
	return nil
}
