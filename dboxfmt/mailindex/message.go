package mailindex

// Message is a message in a view.
type Message struct {
	Seq   int // from 1
	UID   uint32
	Flags Flags

	rec    []byte
	fields []field
	st     *state
}

// Field is the number of an extension in a view: Message.Ext by number is fast.
type Field int

// Ext returns a message's data of an extension: its record size, shorter if the
// extension has grown since the main index was written (what is missing is
// zero), and empty if it has none. It must not be changed.
func (m Message) Ext(f Field) []byte { return get(m.rec, m.fields, int(f)) }

// HasKeyword reports whether the message has the keyword of that number in
// View.Keywords.
func (m Message) HasKeyword(number int) bool {
	return hasBit(get(m.rec, m.fields, find(m.st.exts, keywordsName)), number)
}

// Keywords returns the names of the message's keywords.
func (m Message) Keywords() (names []string) {
	bits := get(m.rec, m.fields, find(m.st.exts, keywordsName))
	for i, name := range m.st.keywords {
		if hasBit(bits, i) {
			names = append(names, name)
		}
	}
	return names
}

// Recent reports whether the message is \Recent.
func (m Message) Recent() bool { return m.UID >= m.st.head.FirstRecentUID }
