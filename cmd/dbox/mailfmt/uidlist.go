package mailfmt

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ringbox/ringbox/cmd/dbox/files"
	"github.com/ringbox/ringbox/fsapi"
)

// uidListFile is in a folder of a Maildir, as Dovecot has it: the UIDs by which
// clients know its messages.
//
//	3 V<UIDVALIDITY> N<UIDNEXT> G<GUID>          or  1 <UIDVALIDITY> <UIDNEXT>
//	<UID> G<GUID> P<POP3 UIDL> … :<file name>        <UID> <file name>
const uidListFile = "dovecot-uidlist"

// uidList is what the file says. The zero value says nothing.
type uidList struct {
	validity, next uint32
	mails          map[string]listed // by the name of the file up to the colon
}

// listed is a message in the list.
type listed struct {
	uid        uint32
	guid, uidl string // "": the list does not say
	order      uint32 // for POP3; 0: none
}

// readUIDList reads the list of a folder. One that cannot be trusted is a
// *Problem, beside a list that says nothing.
func readUIDList(ctx context.Context, fsys *fsapi.FS, dir string) (*uidList, error) {
	path := filepath.Join(dir, uidListFile)
	f, err := files.Open(ctx, fsys, path)
	if errors.Is(err, fs.ErrNotExist) {
		return &uidList{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	l := &uidList{mails: map[string]listed{}}
	offset, err := l.parse(f.From(0))
	var bad *badList
	if errors.As(err, &bad) {
		return &uidList{}, &Problem{File: path, Offset: offset, Reason: bad.reason + "; the messages of this folder get new UIDs"}
	}
	return l, err
}

// badList is what is wrong with a list.
type badList struct{ reason string }

func (e *badList) Error() string { return e.reason }

func (l *uidList) parse(r io.Reader) (offset int64, err error) {
	lines := bufio.NewReader(r)
	for last := uint32(0); ; {
		line, err := lines.ReadString('\n')
		if err == io.EOF { // somebody is writing a line that is not complete
			return offset, l.complete(offset > 0)
		}
		if err != nil {
			return offset, err
		}
		text := strings.TrimSuffix(line, "\n")
		if offset == 0 {
			err = l.header(text)
		} else {
			last, err = l.line(text, last)
		}
		if err != nil {
			return offset, err
		}
		offset += int64(len(line))
	}
}

func (l *uidList) complete(header bool) error {
	if !header || l.validity == 0 {
		return &badList{"it has no UIDVALIDITY"}
	}
	l.next = max(l.next, 1)
	return nil
}

func (l *uidList) header(text string) error {
	fields := strings.Fields(text)
	if len(fields) == 0 || fields[0] != "1" && fields[0] != "3" {
		return &badList{"version 1 or 3 is expected"}
	}
	if fields[0] == "1" && len(fields) >= 3 {
		l.validity, l.next = number(fields[1]), number(fields[2])
		return nil
	}
	for _, f := range fields[1:] {
		switch f[0] {
		case 'V':
			l.validity = number(f[1:])
		case 'N':
			l.next = number(f[1:])
		}
	}
	return nil
}

// line adds a message. UIDs ascend.
func (l *uidList) line(text string, last uint32) (uint32, error) {
	digits, rest, _ := strings.Cut(text, " ")
	m := listed{uid: number(digits)}
	if m.uid <= last {
		return 0, &badList{fmt.Sprintf("UID %q after UID %d", digits, last)}
	}
	name := rest
	if fields, after, ok := strings.Cut(" "+rest, " :"); ok {
		name = after
		for _, f := range strings.Fields(fields) {
			switch f[0] {
			case 'G':
				m.guid = f[1:]
			case 'P':
				m.uidl = f[1:]
			case 'O':
				m.order = number(f[1:])
			}
		}
	}
	base, _ := cutName(name)
	if _, twice := l.mails[base]; twice {
		return 0, &badList{fmt.Sprintf("%s is there twice", base)}
	}
	l.mails[base] = m
	l.next = max(l.next, m.uid+1)
	return m.uid, nil
}

// number is a UID or the like; 0: it is none.
func number(digits string) uint32 {
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || n > maxUID {
		return 0
	}
	return uint32(n)
}

// maxUID is the highest that a mailbox of a store can have.
const maxUID = 1<<32 - 3

// place is where a mail comes in the order of UIDs.
func (l *uidList) place(name string) uint32 {
	base, _ := cutName(name)
	if m, ok := l.mails[base]; ok {
		return m.uid
	}
	return maxUID + 1
}

// take gives a mail what the list says of it. Mails that it does not have come
// after all others and get the next UIDs, as Dovecot would give them.
func (l *uidList) take(base string, m *Mail) {
	if l.validity == 0 {
		return
	}
	known, ok := l.mails[base]
	if !ok {
		m.UID = l.next
		l.next++
		return
	}
	m.UID, m.POP3UIDL, m.POP3Order = known.uid, known.uidl, known.order
	if known.guid != "" {
		m.GUID = known.guid
	}
}
