package mailstore

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
)

// Apply puts the change into a transaction of the mailbox's index.
func (c FlagChange) Apply(tx *mailindex.Transaction, uids []uint32) {
	remove := c.Remove &^ c.Add
	if c.Replace {
		remove = AllFlags &^ c.Add
	}
	for _, r := range Ranges(uids) {
		if c.Add&AllFlags != 0 || remove&AllFlags != 0 {
			tx.SetFlags(r, c.Add&AllFlags, remove&AllFlags)
		}
		if c.Replace {
			tx.ResetKeywords(r)
		} else {
			for _, name := range c.RemoveKeywords {
				tx.RemoveKeyword(r, name)
			}
		}
		for _, name := range c.AddKeywords {
			tx.AddKeyword(r, name)
		}
	}
}

// Ranges returns UIDs, in whatever order, as ascending ranges without holes.
func Ranges(uids []uint32) (ranges []mailindex.UIDRange) {
	sorted := slices.Compact(slices.Sorted(slices.Values(uids)))
	for _, uid := range sorted {
		if last := len(ranges) - 1; last >= 0 && ranges[last].Last+1 == uid {
			ranges[last].Last = uid
			continue
		}
		ranges = append(ranges, mailindex.UIDRange{First: uid, Last: uid})
	}
	return ranges
}

const maxKeyword = 255 // bytes

// CheckKeywords refuses what IMAP cannot name: an ErrKeyword.
func CheckKeywords(lists ...[]string) error {
	for _, name := range slices.Concat(lists...) {
		if name == "" || len(name) > maxKeyword || strings.ContainsFunc(name, notAtom) {
			return fmt.Errorf("%w: %.100q", ErrKeyword, name)
		}
	}
	return nil
}

func notAtom(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`(){%*"\]`, r) }
