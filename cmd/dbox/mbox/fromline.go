package mbox

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// From is what a From_ line says.
type From struct {
	Sender string    // without spaces; "" if the line names none
	Date   time.Time // zero if the line has none
}

const (
	fromPrefix    = "From "
	defaultSender = "MAILER-DAEMON"
	// maxFromLine is the length in bytes of the longest line that is looked at.
	maxFromLine = 1024
)

// append adds the line, its LF included.
func (f From) append(dst []byte) []byte {
	sender := strings.Join(strings.Fields(f.Sender), "-")
	if sender == "" {
		sender = defaultSender
	}
	date := f.Date.UTC()
	if date.Year() < 1000 || date.Year() > 9999 {
		date = time.Unix(0, 0).UTC() // as mail without a date of arrival is shown
	}
	dst = append(dst, fromPrefix+sender+" "...)
	dst = date.AppendFormat(dst, time.ANSIC)
	return append(dst, '\n')
}

// parseFrom reads a line without its line end. It is a From_ line if it has a
// date; ok says so.
func parseFrom(line string) (f From, ok bool) {
	rest, ok := strings.CutPrefix(line, fromPrefix)
	if !ok {
		return From{}, false
	}
	words := strings.Fields(rest)
	for i, word := range words {
		if !slices.Contains(weekdays, strings.TrimSuffix(word, ",")) {
			continue
		}
		if date, ok := parseDate(words[i+1:]); ok {
			return From{Sender: strings.Join(words[:i], " "), Date: date}, true
		}
	}
	return From{}, false
}

var (
	weekdays = []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
	months   = []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
)

// parseDate reads what follows the weekday: month, day, time and year in any
// order, as different programs have it, and a zone, which without digits is
// taken for UTC.
func parseDate(words []string) (time.Time, bool) {
	month, day, year, clock, zone := 0, 0, 0, "", time.UTC
	for _, word := range words[:min(len(words), 6)] {
		n, err := strconv.Atoi(word)
		switch i := slices.Index(months, word); {
		case i >= 0 && month == 0:
			month = i + 1
		case strings.Contains(word, ":") && clock == "":
			clock = word
		case isOffset(word):
			zone = offsetZone(word)
		case err == nil && len(word) <= 2 && day == 0:
			day = n
		case err == nil && len(word) == 4 && year == 0:
			year = n
		}
	}
	seconds, ok := parseClock(clock)
	if !ok || month == 0 || day < 1 || day > 31 || year == 0 {
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month), day, 0, 0, seconds, 0, zone), true
}

// parseClock returns the seconds since midnight of hh:mm or hh:mm:ss.
func parseClock(word string) (int, bool) {
	parts := strings.Split(word, ":")
	if len(parts) != 2 && len(parts) != 3 {
		return 0, false
	}
	seconds := 0
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || n > 60 || i == 0 && n > 23 {
			return 0, false
		}
		seconds = seconds*60 + n
	}
	if len(parts) == 2 {
		seconds *= 60
	}
	return seconds, true
}

// isOffset reports whether a word is like +0100.
func isOffset(word string) bool {
	if len(word) != 5 || word[0] != '+' && word[0] != '-' {
		return false
	}
	_, err := strconv.Atoi(word[1:])
	return err == nil
}

func offsetZone(word string) *time.Location {
	n, _ := strconv.Atoi(word[1:])
	offset := (n/100*60 + n%100) * 60
	if word[0] == '-' {
		offset = -offset
	}
	return time.FixedZone(word, offset)
}
