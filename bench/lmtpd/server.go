package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// maxLine bounds a line of a mail, in bytes.
const maxLine = 1 << 20

func newServer(ctx context.Context, inbox mailstore.Mailbox) *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{ctx: ctx, inbox: inbox, client: c.Hostname()}, nil
	}))
	s.LMTP, s.Domain, s.MaxLineLength = true, "localhost", maxLine
	return s
}

// session is one connection.
type session struct {
	ctx    context.Context
	inbox  mailstore.Mailbox
	client string // how it has introduced itself
	from   string
	to     []string
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data saves a mail. When it returns without an error the mail is durable, and
// the client is told so.
func (s *session) Data(r io.Reader) error {
	tx := s.inbox.Begin()
	err := tx.Save(s.ctx, io.MultiReader(strings.NewReader(s.trace()), r), mailstore.SaveOptions{})
	if err == nil {
		_, err = tx.Commit(s.ctx)
	}
	if err != nil {
		_ = tx.Rollback() // the first error says what is wrong
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: err.Error()}
	}
	return nil
}

// trace is what a server puts on top of a mail (RFC 5321, 4.4).
func (s *session) trace() string {
	return fmt.Sprintf("Return-Path: <%s>\r\nDelivered-To: %s\r\nReceived: from %s\r\n\tby localhost with LMTP\r\n\tfor <%s>; %s\r\n",
		s.from, s.to[0], s.client, s.to[0], time.Now().Format(time.RFC1123Z))
}

func (s *session) Reset() { s.from, s.to = "", nil }

func (s *session) Logout() error { return nil }
