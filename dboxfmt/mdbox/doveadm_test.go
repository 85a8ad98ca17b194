package mdbox

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ringbox/ringbox/dboxfmt/storetest"
)

// dovecot is a private Dovecot with an mdbox.
type dovecot struct{ *storetest.Dovecot }

func newDovecot(t testing.TB, settings ...string) *dovecot {
	return &dovecot{storetest.NewDovecot(t, "mdbox", settings...)}
}

// state is the whole store as Dovecot sees it, in the form of store.state.
func (d *dovecot) state() (lines []string) {
	d.T.Helper()
	for _, m := range d.JSON("mailbox", "status", "messages uidnext uidvalidity unseen vsize guid", "*") {
		lines = append(lines, fmt.Sprintf("%s: %s messages, %s unseen, %s bytes, uidnext %s, uidvalidity %s, guid %s",
			m["mailbox"], m["messages"], m["unseen"], m["vsize"], m["uidnext"], m["uidvalidity"], m["guid"]))
	}
	fields := "mailbox uid flags guid refcount size.physical size.virtual date.received.unixtime date.saved.unixtime pop3.uidl pop3.order text"
	for _, m := range d.JSON("fetch", fields, "ALL") {
		lines = append(lines, fmt.Sprintf("%s %06d [%s] %s refs %s size %s/%s received %s saved %s pop3 %q %q %q",
			m["mailbox"], m.Number(d.T, "uid"), storetest.SortedFlags(strings.Fields(m["flags"])), m["guid"], m["refcount"], m["size.physical"], m["size.virtual"],
			m["date.received.unixtime"], m["date.saved.unixtime"], m["pop3.uidl"], m["pop3.order"], m["text"]))
	}
	slices.Sort(lines)
	return lines
}
