package mailfmt

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The name of a file in a Maildir is BASE or BASE:2,FLAGS. Windows has no names
// with a colon: there programs write a semicolon, or an exclamation mark.
const (
	infoMark     = ":2,"
	portableMark = ";2,"

	forwarded = "$Forwarded" // the keyword that has a letter
)

var portableInfo = regexp.MustCompile(`[;!]2,[A-Za-z]*$`)

// cutName divides a name into BASE and FLAGS.
func cutName(name string) (base, info string) {
	if base, info, ok := strings.Cut(name, ":"); ok {
		info, _ = strings.CutPrefix(info, "2,")
		return base, info
	}
	if at := portableInfo.FindStringIndex(name); at != nil {
		return name[:at[0]], name[at[0]+len(portableMark):]
	}
	return name, ""
}

// splitName returns what the name of a file in a Maildir says.
func splitName(name string, known letters) (base string, flags Flags, keywords []string) {
	base, info := cutName(name)
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
func joinName(base, mark string, flags Flags, keywords []string, more string) string {
	name := base + mark
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

// notPortable is what names cannot have on Windows, or not at their end.
var notPortable = regexp.MustCompile(`[<>"\\|?*]|[;!]2,[A-Za-z]*$|[.]$`)

// baseFor is a name for message n of those that are written. kept says whether
// the GUID can be read from it.
func baseFor(guid string, received time.Time, n int) (base string, kept bool) {
	if someBase.MatchString(guid) && !ownBase.MatchString(guid) && !portableInfo.MatchString(guid) {
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
