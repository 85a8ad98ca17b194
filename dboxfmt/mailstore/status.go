package mailstore

import (
	"context"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
)

// NewStatus returns the status that an index gives, without the GUID of the
// mailbox.
func NewStatus(ctx context.Context, v *mailindex.View) (Status, error) {
	h := v.Header()
	recent, err := v.From(ctx, h.FirstRecentUID)
	if err != nil {
		return Status{}, err
	}
	size, err := virtualSize(ctx, v)
	if err != nil {
		return Status{}, err
	}
	return Status{
		Messages: v.Count(), Recent: v.Count() - recent + 1, Unseen: int(h.Messages - h.Seen),
		UIDNext: v.NextUID(), UIDValidity: v.UIDValidity(), Keywords: v.Keywords(), VirtualSize: size,
	}, nil
}
