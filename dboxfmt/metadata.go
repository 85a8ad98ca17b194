package dboxfmt

import "strings"

// Item is one line of a metadata block.
type Item struct {
	Key   byte   // not a control character or space
	Value string // any bytes but LF
}

// Metadata is the items of a message in the order of the file, unknown keys
// included. Where a key occurs more than once, the first occurrence counts.
type Metadata []Item

// writeOrder is the order in which Dovecot writes the keys it knows.
const writeOrder = "ZRVPOGBXH"

// Get returns the value of the first item of that key.
func (m Metadata) Get(key byte) (value string, ok bool) {
	if i := m.index(key); i >= 0 {
		return m[i].Value, true
	}
	return "", false
}

// Set changes the first item of that key. If there is none it adds one at the
// place where Dovecot would write it: known keys in the order Z R V P O G B X H,
// others after them.
func (m *Metadata) Set(key byte, value string) {
	if i := m.index(key); i >= 0 {
		(*m)[i].Value = value
		return
	}
	at := len(*m)
	for i, item := range *m {
		if rank(item.Key) > rank(key) {
			at = i
			break
		}
	}
	*m = append(*m, Item{})
	copy((*m)[at+1:], (*m)[at:])
	(*m)[at] = Item{Key: key, Value: value}
}

// Add appends an item, whether or not there is one of that key already.
func (m *Metadata) Add(key byte, value string) { *m = append(*m, Item{Key: key, Value: value}) }

// Del removes all items of that key.
func (m *Metadata) Del(key byte) { *m = m.without(key) }

// without returns a copy that has no items of that key.
func (m Metadata) without(key byte) (kept Metadata) {
	for _, item := range m {
		if item.Key != key {
			kept = append(kept, item)
		}
	}
	return kept
}

// Clone returns a copy that shares nothing with m.
func (m Metadata) Clone() Metadata { return append(Metadata(nil), m...) }

func (m Metadata) index(key byte) int {
	for i, item := range m {
		if item.Key == key {
			return i
		}
	}
	return -1
}

func rank(key byte) int {
	if i := strings.IndexByte(writeOrder, key); i >= 0 {
		return i
	}
	return len(writeOrder)
}
