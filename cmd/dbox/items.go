package main

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ringbox/ringbox/dboxfmt"
)

// knownItem is how an item of metadata is shown: under the name that
// "doveadm dump" has for it, if it has one, and in words.
type knownItem struct {
	name string
	text func(dboxfmt.Metadata) (string, error)
}

var knownItems = map[byte]knownItem{
	'Z': {"physical-size", sizeItem(dboxfmt.Metadata.PlainSize)},
	'R': {"received", timeItem(dboxfmt.Metadata.Received)},
	'V': {"virtual-size", sizeItem(dboxfmt.Metadata.VirtualSize)},
	'P': {"pop3-uidl", textItem(dboxfmt.Metadata.POP3UIDL)},
	'O': {"pop3-order", pop3Order},
	'G': {"guid", guidItem},
	'B': {"orig-mailbox", textItem(dboxfmt.Metadata.Mailbox)},
	'X': {"ext-ref", externalItem},
	'H': {"checksum", checksumItem},
	'L': {"block-length", sizeItem(dboxfmt.Metadata.BlockLength)},
	'E': {"expunged", expungedItem},
	'F': {"flags", flagsItem},
	'K': {"keywords", keywordsItem},
	'S': {"saved", timeItem(dboxfmt.Metadata.Saved)},
}

// describe returns the name of an item and what its value means. earlier are
// the items before it: only the first of a key counts.
func describe(item dboxfmt.Item, earlier dboxfmt.Metadata) (name, meaning string) {
	known, ok := knownItems[item.Key]
	if !ok {
		return fmt.Sprintf("unknown-%c", item.Key), printable(item.Value)
	}
	if _, twice := earlier.Get(item.Key); twice {
		return known.name, printable(item.Value) + " (ignored, it is the second of its kind)"
	}
	meaning, err := known.text(dboxfmt.Metadata{item})
	if err != nil {
		return known.name, printable(item.Value) + " (not a valid value)"
	}
	return known.name, meaning
}

// printable quotes what a terminal would not show as it is.
func printable(s string) string {
	if quoted := strconv.Quote(s); quoted[1:len(quoted)-1] != s {
		return quoted
	}
	return s
}

// clock is a time as doveadm shows it, in the zone of the machine.
func clock(t time.Time) string {
	return fmt.Sprintf("%d (%s)", t.Unix(), t.Local().Format(time.DateTime))
}

func sizeItem(get func(dboxfmt.Metadata) (int64, error)) func(dboxfmt.Metadata) (string, error) {
	return func(m dboxfmt.Metadata) (string, error) {
		n, err := get(m)
		return size(n), err
	}
}

func timeItem(get func(dboxfmt.Metadata) (time.Time, error)) func(dboxfmt.Metadata) (string, error) {
	return func(m dboxfmt.Metadata) (string, error) {
		t, err := get(m)
		return clock(t), err
	}
}

func textItem(get func(dboxfmt.Metadata) (string, error)) func(dboxfmt.Metadata) (string, error) {
	return func(m dboxfmt.Metadata) (string, error) {
		s, err := get(m)
		return printable(s), err
	}
}

func pop3Order(m dboxfmt.Metadata) (string, error) {
	n, err := m.POP3Order()
	return strconv.FormatUint(uint64(n), 10), err
}

// guidItem adds what indexes have in place of a GUID that is not 32 hex digits.
func guidItem(m dboxfmt.Metadata) (string, error) {
	text, err := m.GUID()
	if err != nil {
		return "", err
	}
	id, err := m.GUID128()
	if inIndex := hex.EncodeToString(id[:]); inIndex != strings.ToLower(text) {
		return fmt.Sprintf("%s (%s in indexes)", printable(text), inIndex), err
	}
	return text, err
}

func externalItem(m dboxfmt.Metadata) (string, error) {
	if _, err := m.ExternalParts(); err != nil {
		return "", err
	}
	value, _ := m.Get('X')
	return printable(value), nil
}

func checksumItem(m dboxfmt.Metadata) (string, error) {
	_, err := m.Checksum()
	value, _ := m.Get('H')
	return printable(value), err
}

func expungedItem(m dboxfmt.Metadata) (string, error) {
	expunged, err := m.Expunged()
	if expunged {
		return "yes", err
	}
	return "no", err
}

func flagsItem(m dboxfmt.Metadata) (string, error) {
	set, err := m.Flags()
	var names []string
	for i, name := range []string{"answered", "flagged", "deleted", "seen", "draft"} {
		if set[i] {
			names = append(names, name)
		}
	}
	if names == nil {
		names = []string{"none"}
	}
	return strings.Join(names, " "), err
}

func keywordsItem(m dboxfmt.Metadata) (string, error) {
	words, err := m.Keywords()
	return printable(strings.Join(words, " ")), err
}
