package mailstore

import (
	"context"
	"iter"

	"github.com/ringbox/ringbox/fsapi"
)

const defaultAhead = 16

// Opener is how [Ahead] gets at messages.
type Opener struct {
	FS *fsapi.FS
	// Open starts to read a message and does not wait. nil, nil: there is none
	// of that UID. An error ends the sequence; a message without a file is a
	// [LostMail].
	Open func(uid uint32) (*Mail, error)
	// Again is asked about a message that could not be read: nil, nil means
	// that it has been expunged meanwhile and is left out; another Mail is tried
	// in its place; an error is passed on to the caller.
	Again func(ctx context.Context, uid uint32, cause error) (*Mail, error)
}

// Ahead reads messages in order and has the next ones on their way, as
// Mailbox.Fetch promises.
func Ahead(ctx context.Context, uids []uint32, o FetchOptions, opener Opener) iter.Seq2[*Mail, error] {
	ahead := o.Ahead
	if ahead == 0 {
		ahead = defaultAhead
	}
	return func(yield func(*Mail, error) bool) {
		p := &pipeline{Opener: opener, uids: uids, depth: 1 + max(0, ahead)}
		defer p.close()
		for ctx.Err() == nil {
			p.fill()
			if len(p.mails) == 0 {
				return
			}
			m, err := p.next(ctx)
			if m == nil && err == nil {
				continue
			}
			goOn := yield(m, err)
			if m != nil {
				_ = m.Close()
			}
			if !goOn || m == nil {
				return
			}
		}
		yield(nil, ctx.Err())
	}
}

// pipeline is messages that are being read, in order.
type pipeline struct {
	Opener
	uids  []uint32 // not started
	depth int
	mails []started
}

type started struct {
	uid  uint32
	mail *Mail
	err  error
}

// fill starts messages. It waits until half of the places are free, so that the
// engine gets several at a time.
func (p *pipeline) fill() {
	if len(p.mails) > p.depth/2 {
		return
	}
	p.FS.Batch(func() {
		for len(p.mails) < p.depth && len(p.uids) > 0 {
			uid := p.uids[0]
			p.uids = p.uids[1:]
			if m, err := p.Open(uid); m != nil || err != nil {
				p.mails = append(p.mails, started{uid, m, err})
			}
		}
	})
}

// next waits for the first message. A Mail with an error is one that cannot be
// read.
func (p *pipeline) next(ctx context.Context) (*Mail, error) {
	s := p.mails[0]
	p.mails = p.mails[1:]
	for s.mail != nil && s.err == nil {
		if s.err = s.mail.Load(ctx); s.err == nil {
			return s.mail, nil
		}
		if ctx.Err() != nil {
			_ = s.mail.Close()
			return nil, ctx.Err()
		}
		m, err := p.Again(ctx, s.uid, s.err)
		if err != nil {
			return s.mail, err
		}
		_ = s.mail.Close()
		if s.mail, s.err = m, nil; m == nil {
			return nil, nil
		}
	}
	return s.mail, s.err
}

func (p *pipeline) close() {
	for _, s := range p.mails {
		if s.mail != nil {
			_ = s.mail.Close()
		}
	}
}
