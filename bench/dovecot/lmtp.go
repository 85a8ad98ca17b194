package dovecot

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

// Deliver speaks LMTP over some connections at once.
func (s *store) Deliver(ctx context.Context, mails []mail.Message, connections int, done func(int, time.Time)) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, min(connections, len(mails)))
	for c := range errs {
		wg.Go(func() { errs[c] = s.deliverSome(ctx, mails, &next, done) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// deliverSome delivers over one connection until no mail is left.
func (s *store) deliverSome(ctx context.Context, mails []mail.Message, next *atomic.Int64, done func(int, time.Time)) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.address())
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	for {
		i := int(next.Add(1)) - 1
		if i >= len(mails) {
			return c.Quit()
		}
		begun := time.Now()
		if err := deliverOne(c, mails[i].Data); err != nil {
			return fmt.Errorf("LMTP: %s: %w%s", mails[i].Name, errors.Join(ctx.Err(), err), s.logged())
		}
		done(i, begun)
	}
}

func deliverOne(c *smtp.Client, data []byte) error {
	if err := c.Mail("sender@example.org", nil); err != nil {
		return err
	}
	if err := c.Rcpt(user, nil); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return err
	}
	return w.Close()
}
