package dboxfmt

import (
	"fmt"
	"strconv"
)

// MessageWriter takes the body of one message. It is made by [Writer.Create].
type MessageWriter struct {
	w         *Writer
	msg       *Message
	announced int64 // or UnknownSize
	sum       bodySum
	virtual   virtualSize
	own       marker // version 3: the body must not contain its own end
	held      []byte // the end of the body so far, if it might begin that marker
	sealed    bool   // the metadata block is on its way out
	done      bool
}

// Write appends p to the body and returns how much of it the underlying writer
// has taken. A body that becomes longer than announced is refused before
// anything of p is written; the file is then of no use.
func (m *MessageWriter) Write(p []byte) (int, error) {
	switch {
	case m.w.fail != nil:
		return 0, m.w.fail
	case m.sealed:
		return 0, fmt.Errorf("%w: the message is finished", ErrState)
	case m.announced != UnknownSize && int64(len(p)) > m.announced-m.sum.size:
		return 0, m.w.failed(fmt.Errorf("%w: more than %d bytes", ErrWrongSize, m.announced))
	case len(p) == 0:
		return 0, nil
	}
	if err := m.w.flush(); err != nil {
		return 0, err
	}
	n, err := m.w.write(p)
	m.w.offset += int64(n)
	if !m.passes(p[:n]) {
		return n, m.w.failed(fmt.Errorf("%w: the body contains its own end", ErrSeparator))
	}
	m.sum.add(p[:n])
	m.virtual.add(p[:n])
	return n, err
}

// passes looks for the message's own end marker in what was written.
func (m *MessageWriter) passes(p []byte) bool {
	if m.msg.Version < 3 {
		return true
	}
	passed := m.sum.size
	if len(m.held) > 0 {
		// Only as much of p as a marker that began before it can reach.
		joined := append(m.held, p[:min(len(p), m.own.size())]...)
		n, found := m.own.find(joined, passed-int64(len(m.held)))
		if found {
			return false
		}
		m.held = append([]byte(nil), joined[n:]...)
		if len(p) < m.own.size() {
			return true
		}
	}
	n, found := m.own.find(p, passed)
	m.held = append([]byte(nil), p[n:]...)
	return !found
}

// Finish writes the metadata block and returns the complete message. To meta it
// adds V if it has none; H, in version 3 always and in version 2 where meta has
// it, becomes that of the body; an L is left out or replaced. Everything else is
// written as it is. An [ErrItem] leaves the message open for another try. After
// an error of the underlying writer call Finish again; its argument is not
// looked at any more.
func (m *MessageWriter) Finish(meta Metadata) (*Message, error) {
	switch {
	case m.w.fail != nil:
		return nil, m.w.fail
	case m.done:
		return nil, fmt.Errorf("%w: the message is finished", ErrState)
	case m.announced != UnknownSize && m.sum.size != m.announced:
		return nil, m.w.failed(fmt.Errorf("%w: %d bytes, not %d", ErrWrongSize, m.sum.size, m.announced))
	}
	if !m.sealed {
		if err := m.seal(meta.without(lengthItemKey)); err != nil {
			return nil, err
		}
	}
	if err := m.w.flush(); err != nil {
		return nil, err
	}
	m.done, m.w.current = true, nil
	return m.msg, nil
}

// seal queues the metadata block; meta is its own to change.
func (m *MessageWriter) seal(meta Metadata) error {
	if _, ok := meta.Get('V'); !ok {
		meta.Set('V', strconv.FormatInt(m.virtual.total, 16))
	}
	if _, ok := meta.Get('H'); ok || m.msg.Version == 3 {
		meta.Set('H', formatChecksum(m.sum.crc))
	}
	b := Block{Separator: m.msg.Separator, BodySize: m.sum.size, Metadata: meta}
	block, err := b.Append(nil, m.w.header)
	if err != nil {
		return err
	}
	// What is reported is what a reader will find.
	if b, err = ParseBlock(m.w.header, block); err != nil {
		return err
	}
	m.msg.BodySize = m.sum.size
	m.msg.complete(b)
	m.w.queue(block)
	m.sealed = true
	return nil
}
