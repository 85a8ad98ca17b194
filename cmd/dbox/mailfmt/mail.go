package mailfmt

import (
	"fmt"
	"io"
	"time"
)

// Mail is one message on its way.
type Mail struct {
	Name     string    // where it is, for people
	Size     int64     // of the text in bytes, or UnknownSize
	Received time.Time // zero: not known
	GUID     string    // empty: not known
	Flags    Flags
	Keywords []string
	Sender   string // of the envelope

	// What only dbox knows: the keys for POP3 clients, and when it was saved.
	POP3UIDL  string
	POP3Order uint32
	Saved     time.Time // zero: not known

	// UID is the one that clients know it by in its mailbox; 0: not known. Those
	// of a mailbox ascend.
	UID uint32
	// Mailbox is where it is, or is to be. Empty: there is only one.
	Mailbox string

	// Text opens the text from its start. It may be called again.
	Text func() (io.Reader, error)
}

// UnknownSize stands for the size of a text before it has been read.
const UnknownSize = -1

// Flags are those of IMAP.
type Flags struct{ Answered, Flagged, Deleted, Seen, Draft bool }

// Loss says what a target could not hold of a mail.
type Loss uint8

const (
	LostFlags Loss = 1 << iota
	LostKeywords
	LostGUID
	LostDate
	LostSender
	LostPOP3
)

// Losses are all there are, with their names.
var Losses = []struct {
	Loss Loss
	Name string
}{
	{LostFlags, "flags"},
	{LostKeywords, "keywords"},
	{LostGUID, "GUID"},
	{LostDate, "date of arrival"},
	{LostSender, "envelope sender"},
	{LostPOP3, "POP3 identifiers"},
}

// has returns everything of m that could be lost.
func (m *Mail) has() (l Loss) {
	for loss, there := range map[Loss]bool{
		LostFlags:    m.Flags != Flags{},
		LostKeywords: len(m.Keywords) > 0,
		LostGUID:     m.GUID != "",
		LostDate:     !m.Received.IsZero(),
		LostSender:   m.Sender != "",
		LostPOP3:     m.POP3UIDL != "" || m.POP3Order != 0,
	} {
		if there {
			l |= loss
		}
	}
	return l
}

// Problem is what is wrong with one message of a source; the others can be
// read.
type Problem struct {
	File   string `json:"file"`
	Offset int64  `json:"offset"` // in bytes
	Reason string `json:"reason"`
}

func (p *Problem) Error() string { return fmt.Sprintf("%s: %d: %s", p.File, p.Offset, p.Reason) }

// Source hands out mails in turn.
type Source interface {
	// Next returns the next mail, which is good until the next call, or io.EOF
	// after the last. After a *Problem it can be called again; any other error
	// is final.
	Next() (*Mail, error)
	Close() error
}

// Mailbox is one of several of a Source or Target.
type Mailbox struct {
	Name       string // "/" between levels
	Subscribed bool
	// What clients know their UIDs by; 0: not known. UIDNext is as of after the
	// last mail of the mailbox.
	UIDValidity uint32
	UIDNext     func() uint32
}

// Shelf is a Source that has several mailboxes.
type Shelf interface {
	// Mailboxes returns them in the order in which their mail comes.
	Mailboxes() []Mailbox
}

// Keeper is a Target that keeps the UIDs of some mailboxes, so that clients need
// not notice, and renumbers those that had messages before.
type Keeper interface {
	Kept() (kept, renumbered []string)
}

// Maker is a Target that has several mailboxes. Mail makes its mailbox in it;
// MakeMailbox is for those that are empty or subscribed.
type Maker interface {
	MakeMailbox(Mailbox) error
}

// Target takes mails.
type Target interface {
	// Add writes a mail and returns what of it is lost here. After an error only
	// Finish is left.
	Add(*Mail) (Loss, error)
	// Finish commits what is complete and gives everything back.
	Finish() error
	// Committed is how many mails are complete and durable.
	Committed() int
}
