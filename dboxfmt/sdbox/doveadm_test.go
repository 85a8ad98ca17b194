package sdbox

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ringbox/ringbox/dboxfmt/storetest"
)

// dovecot is a private Dovecot with an sdbox.
type dovecot struct{ *storetest.Dovecot }

func newDovecot(t testing.TB, settings ...string) *dovecot {
	return &dovecot{storetest.NewDovecot(t, "sdbox", settings...)}
}

// state returns the whole store as Dovecot sees it, in the form of fixture.state.
func (d *dovecot) state() (lines []string) {
	d.T.Helper()
	for _, m := range d.JSON("mailbox", "status", "messages uidnext uidvalidity unseen guid", "*") {
		lines = append(lines, fmt.Sprintf("%s: %s messages, %s unseen, uidnext %s, uidvalidity %s, guid %s",
			m["mailbox"], m["messages"], m["unseen"], m["uidnext"], m["uidvalidity"], m["guid"]))
	}
	fields := "mailbox uid flags guid size.physical size.virtual date.received.unixtime pop3.uidl pop3.order text"
	for _, m := range d.JSON("fetch", fields, "ALL") {
		lines = append(lines, fmt.Sprintf("%s %06d [%s] %s %s/%s received %s pop3 %q %q %q",
			m["mailbox"], m.Number(d.T, "uid"), storetest.SortedFlags(strings.Fields(m["flags"])), m["guid"], m["size.physical"], m["size.virtual"],
			m["date.received.unixtime"], m["pop3.uidl"], m["pop3.order"], m["text"]))
	}
	for _, name := range strings.Fields(d.Run("", "mailbox", "list", "-s")) {
		lines = append(lines, "subscribed "+name)
	}
	return lines
}
