package mailfmt

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The name of a file in a Maildir is BASE or BASE:2,FLAGS.
const (
	infoSeparator = ":2,"
	forwarded     = "$Forwarded" // the keyword that has a letter
)

// splitName returns what the name of a file in a Maildir says.
func splitName(name string, known letters) (base string, flags Flags, keywords []string) {
	base, info, _ := strings.Cut(name, ":")
	info, _ = strings.CutPrefix(info, "2,")
	for _, c := range info {
		if keyword, ok := known.keyword(c); ok {
			keywords = append(keywords, keyword)
			continue
		}
		switch c {
		case 'D':
			flags.Draft = true
		case 'F':
			flags.Flagged = true
		case 'P':
			keywords = append(keywords, forwarded)
		case 'R':
			flags.Answered = true
		case 'S':
			flags.Seen = true
		case 'T':
			flags.Deleted = true
		}
	}
	return base, flags, keywords
}

// joinName is the other way round; the letters are in alphabetical order, as
// Maildir demands. more are those of keywords, ascending.
func joinName(base string, flags Flags, keywords []string, more string) string {
	name := base + infoSeparator
	for _, letter := range []struct {
		c   string
		set bool
	}{
		{"D", flags.Draft},
		{"F", flags.Flagged},
		{"P", slices.Contains(keywords, forwarded)},
		{"R", flags.Answered},
		{"S", flags.Seen},
		{"T", flags.Deleted},
	} {
		if letter.set {
			name += letter.c
		}
	}
	return name + more
}

var (
	ownBase  = regexp.MustCompile(`^\d+\.N\d+G([0-9a-f]{32})\.dbox$`)
	someBase = regexp.MustCompile(`^\d+\.[!-.0-9;-~]{1,200}$`) // printable ASCII but "/" and ":"
	hexGUID  = regexp.MustCompile(`^[0-9a-f]{32}$`)
)

// guidOfBase is the GUID of a message in a Maildir.
func guidOfBase(base string) string {
	if m := ownBase.FindStringSubmatch(base); m != nil {
		return m[1]
	}
	return base
}

// baseFor is a name for message n of those that are written. kept says whether
// the GUID can be read from it.
func baseFor(guid string, received time.Time, n int) (base string, kept bool) {
	if someBase.MatchString(guid) && !ownBase.MatchString(guid) {
		return guid, true
	}
	kept = hexGUID.MatchString(guid)
	if !kept {
		guid = newGUID()
	}
	return fmt.Sprintf("%d.N%08dG%s.dbox", max(received.Unix(), 0), n, guid), kept
}

// seconds is the time that names in Maildirs start with.
func seconds(base string) int64 {
	digits, _, _ := strings.Cut(base, ".")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
