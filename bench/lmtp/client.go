package lmtp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/ringbox/ringbox/bench/mail"
)

// Client delivers to one user of a server.
type Client struct {
	Address string // HOST:PORT
	User    string
	// Said returns what the server has to say about a failure, for error texts;
	// it may be nil.
	Said func() string
}

// Deliver delivers mails over some connections at once. done is called for each
// mail that the server has answered for, from any goroutine.
func (c *Client) Deliver(ctx context.Context, mails []mail.Message, connections int, done func(i int, begun time.Time)) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, min(connections, len(mails)))
	for k := range errs {
		wg.Go(func() { errs[k] = c.deliverSome(ctx, mails, &next, done) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// deliverSome delivers over one connection until no mail is left.
func (c *Client) deliverSome(ctx context.Context, mails []mail.Message, next *atomic.Int64, done func(int, time.Time)) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.Address)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	session := smtp.NewClientLMTP(conn)
	defer session.Close()
	for {
		i := int(next.Add(1)) - 1
		if i >= len(mails) {
			return session.Quit()
		}
		begun := time.Now()
		if err := c.deliverOne(session, mails[i].Data); err != nil {
			return fmt.Errorf("LMTP: %s: %w%s", mails[i].Name, errors.Join(ctx.Err(), err), c.said())
		}
		done(i, begun)
	}
}

func (c *Client) said() string {
	if c.Said == nil {
		return ""
	}
	return c.Said()
}

func (c *Client) deliverOne(session *smtp.Client, data []byte) error {
	if err := session.Mail("sender@example.org", nil); err != nil {
		return err
	}
	if err := session.Rcpt(c.User, nil); err != nil {
		return err
	}
	w, err := session.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return err
	}
	return w.Close()
}
