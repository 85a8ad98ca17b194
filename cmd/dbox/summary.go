package main

import (
	"errors"
	"fmt"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// errSomeFailed says that files could not be worked on; which and why has been printed.
var errSomeFailed = errors.New("not all files could be worked on")

// verifySummary is the last line of verify.
type verifySummary struct {
	Type       string `json:"type"` // "summary"
	Files      int    `json:"files"`
	Bytes      int64  `json:"bytes"`
	Messages   int    `json:"messages"` // without a problem
	Unverified int    `json:"messages_without_checksum"`
	Problems   int    `json:"problems"`
	Unread     int    `json:"unread_files"`
	Compressed int    `json:"messages_not_decompressed"` // nor among the good ones
	Stores     int    `json:"stores"`                    // whose indexes were compared
	Harmless   int    `json:"harmless"`                  // not among the problems
}

func (s *verifySummary) add(c checked) {
	s.Files++
	s.Bytes += c.file.Size
	s.Messages += c.messages
	s.Unverified += c.unverified
	s.Problems += len(c.problems)
	s.Compressed += len(c.unread)
	if c.err != nil {
		s.Unread++
	}
}

func (s *verifySummary) addStoreProblem(p mailstore.Problem) {
	if p.Harmless {
		s.Harmless++
	} else {
		s.Problems++
	}
}

func (s *verifySummary) text() string {
	text := fmt.Sprintf("%s, %s, %s, %s", count(s.Files, "file"), byteCount(s.Bytes), count(s.Messages, "good message"), count(s.Problems, "problem"))
	if s.Unverified > 0 {
		text += fmt.Sprintf("; %s without a checksum", count(s.Unverified, "message"))
	}
	if s.Compressed > 0 {
		text += fmt.Sprintf("; the text of %s NOT CHECKED", count(s.Compressed, "compressed message"))
	}
	if s.Stores > 0 {
		text += "; indexes of " + count(s.Stores, "store") + " compared"
	}
	if s.Harmless > 0 {
		text += fmt.Sprintf("; %d harmless", s.Harmless)
	}
	if s.Unread > 0 {
		text += fmt.Sprintf("; %s could not be read", count(s.Unread, "file"))
	}
	return text
}

// result is the error for the exit code.
func (s *verifySummary) result() error {
	switch {
	case s.Unread > 0:
		return errSomeFailed
	case s.Problems > 0:
		return errProblems
	}
	return nil
}
