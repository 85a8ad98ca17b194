package mdbox

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/fsapi"
)

// Defaults and bounds of Options.
const (
	DefaultRotateSize  = 10 << 20
	DefaultLockTimeout = mailindex.DefaultLockTimeout
	// MaxRefs is how many mailboxes one stored message can be in, as in Dovecot.
	MaxRefs = 32768
)

// Options configure Open. FS and Root are required.
type Options struct {
	FS   *fsapi.FS // borrowed
	Root string    // of the store; made if it is missing
	// Alt is the root of the alternate storage; "" means what the link
	// dbox-alt-root in Root points to, if there is one.
	Alt string
	// Attachments is the directory of attachments that Dovecot has taken out of
	// messages (its mail_attachment_dir); "": messages with such are an
	// mailstore.ErrIncomplete.
	Attachments string
	// Version is that of new messages: 3, or 2 for a store that Dovecot reads.
	// 0 means 3. Reading is always by what the file says.
	Version int
	// RotateSize is up to how many bytes a message file is appended to; 0 means
	// 10 MiB. A file ends up larger by as much as its last message goes beyond.
	RotateSize int64
	// RotateInterval is for how long a message file is appended to; 0 means for
	// ever. As in Dovecot it ends at a full minute, or hour or day if it is at
	// least that long.
	RotateInterval time.Duration
	// LockTimeout bounds the wait for what somebody else has locked, an index or
	// the list of mailboxes; 0 means DefaultLockTimeout, three minutes as in
	// Dovecot.
	LockTimeout time.Duration
	// Limits say when the logs of indexes are rotated and main indexes written;
	// zero fields mean Dovecot's defaults.
	Limits mailindex.Limits
	// Logger gets a line at level Warn when the upkeep of an index has failed;
	// nil means slog.Default().
	Logger *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() (Options, error) {
	if o.FS == nil || o.Root == "" {
		return o, fmt.Errorf("mdbox: a store needs an FS and a Root")
	}
	if o.Version == 0 {
		o.Version = 3
	}
	if o.RotateSize == 0 {
		o.RotateSize = DefaultRotateSize
	}
	if o.LockTimeout == 0 {
		o.LockTimeout = DefaultLockTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	switch {
	case o.Version != 2 && o.Version != 3:
		return o, fmt.Errorf("mdbox: version %d cannot be written, only 2 and 3", o.Version)
	case o.RotateSize < 0 || o.RotateInterval < 0 || o.LockTimeout < 0:
		return o, fmt.Errorf("mdbox: RotateSize, RotateInterval and LockTimeout cannot be negative")
	}
	return o, nil
}

// oldest is the creation time, in unix seconds, of the oldest file that is still
// appended to.
func (o Options) oldest() int64 {
	if o.RotateInterval == 0 {
		return 0
	}
	unit := time.Minute
	for _, larger := range []time.Duration{time.Hour, 24 * time.Hour} {
		if o.RotateInterval >= larger {
			unit = larger
		}
	}
	return o.Now().Truncate(unit).Add(unit - o.RotateInterval).Unix()
}

// header is that of a new message file.
func (o Options) header() dboxfmt.FileHeader { return dboxfmt.NewFileHeader(o.Version, o.Now()) }
