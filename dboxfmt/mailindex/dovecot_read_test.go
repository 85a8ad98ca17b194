package mailindex

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"
)

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}

// tiny makes Dovecot rotate and rewrite all the time.
var tiny = []string{
	"mail_index_rewrite_min_log_bytes=100", "mail_index_rewrite_max_log_bytes=300",
	"mail_index_log_rotate_min_size=400", "mail_index_log_rotate_max_size=1500", "mail_index_log_rotate_min_age=0",
}

// step lets Dovecot do something by chance.
func (d *dovecot) step(rng *rand.Rand) {
	d.t.Helper()
	uids := fmt.Sprintf("%d:%d", 1+rng.Intn(20), 1+rng.Intn(20))
	flags := []string{`\Seen`, `\Answered`, `\Deleted`, `\Draft`, `\Flagged`, "one", "Two", "three", "four-4"}
	some := flags[rng.Intn(len(flags))] + " " + flags[rng.Intn(len(flags))]
	boxes := []string{"INBOX", "Archive"}
	box := boxes[rng.Intn(2)]
	switch rng.Intn(10) {
	case 0, 1, 2:
		d.save(box)
	case 3, 4:
		d.run("flags", "add", some, "mailbox", box, "uid", uids)
	case 5:
		d.run("flags", "remove", some, "mailbox", box, "uid", uids)
	case 6:
		d.run("flags", "replace", some, "mailbox", box, "uid", uids)
	case 7:
		d.run("expunge", "mailbox", box, "uid", fmt.Sprint(1+rng.Intn(30)))
	case 8:
		d.run("copy", boxes[1-rng.Intn(2)], "mailbox", box, "uid", fmt.Sprint(1+rng.Intn(30)))
	case 9:
		d.fetch(box) // which makes the index keep modification sequences
	}
}

// TestDovecotWrites: views follow what a running Dovecot writes, step by step
// and from scratch.
func TestDovecotWrites(t *testing.T) {
	for _, format := range []string{"sdbox", "mdbox"} {
		for name, extra := range map[string][]string{"plain": nil, "rotating": tiny} {
			t.Run(format+" "+name, func(t *testing.T) {
				d := startDovecot(t, format, extra...)
				rng := seeded(t)
				fs := openFS(t, nil)
				boxes := []string{"INBOX", "Archive"}
				d.run("mailbox", "create", "Archive")
				for _, box := range boxes {
					d.save(box)
				}
				following := []*Index{d.open(fs, boxes[0], Limits{}), d.open(fs, boxes[1], Limits{})}
				for i := range 16 {
					d.step(rng)
					if i%4 == 3 {
						for j, box := range boxes {
							d.agree(following[j], box)
							fresh := d.open(fs, box, Limits{})
							d.agree(fresh, box)
						}
					}
				}
			})
		}
	}
}
