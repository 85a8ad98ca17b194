package mailfmt

import (
	"strconv"
	"strings"

	"github.com/ringbox/ringbox/dboxfmt"
)

// fromMetadata takes over what there is; an item that cannot be read counts as
// not there, for the mail matters more.
func fromMetadata(m *Mail, meta dboxfmt.Metadata) {
	m.Received, _ = meta.Received()
	m.GUID, _ = meta.GUID()
	m.Keywords, _ = meta.Keywords()
	if f, err := meta.Flags(); err == nil {
		m.Flags = Flags{Answered: f[0], Flagged: f[1], Deleted: f[2], Seen: f[3], Draft: f[4]}
	}
	m.POP3UIDL, _ = meta.POP3UIDL()
	m.POP3Order, _ = meta.POP3Order()
}

// toMetadata makes the items of a new message. Without a mailbox there is no B.
func toMetadata(m *Mail, mailbox string) (meta dboxfmt.Metadata, lost Loss) {
	lost = m.has() & LostSender
	if !m.Received.IsZero() {
		if t := m.Received.Unix(); t >= 0 {
			meta.Set('R', strconv.FormatInt(t, 16))
		} else {
			lost |= LostDate
		}
	}
	if m.POP3UIDL != "" {
		meta.Set('P', m.POP3UIDL)
	}
	if m.POP3Order != 0 {
		meta.Set('O', strconv.FormatUint(uint64(m.POP3Order), 10))
	}
	guid := m.GUID
	if guid == "" || strings.Contains(guid, "\n") {
		lost |= m.has() & LostGUID
		guid = newGUID()
	}
	meta.Set('G', guid)
	if mailbox != "" {
		meta.Set('B', mailbox)
	}
	if (m.Flags != Flags{}) {
		meta.Set('F', digits(m.Flags))
	}
	if len(m.Keywords) > 0 {
		meta.Set('K', strings.Join(m.Keywords, " "))
	}
	return meta, lost
}

// digits are the flags in the order of version 1.
func digits(f Flags) string {
	b := []byte("00000")
	for i, set := range []bool{f.Answered, f.Flagged, f.Deleted, f.Seen, f.Draft} {
		if set {
			b[i] = '1'
		}
	}
	return string(b)
}
