package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// lastUID stands for "*" on its own.
const lastUID = math.MaxUint32

// uidRange is a part of a set of UIDs.
type uidRange struct {
	first, last uint32
	single      bool // it must be there
}

// uidSet is a set of UIDs from the command line.
type uidSet []uidRange

// parseUIDs reads a set such as 1:5,9,20:*.
func parseUIDs(text string) (set uidSet, err error) {
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, ":")
		r := uidRange{single: !isRange}
		if r.first, err = parseUID(first); err == nil {
			r.last = r.first
			if isRange && last == "" {
				r.last = lastUID
			} else if isRange {
				r.last, err = parseUID(last)
			}
		}
		if err != nil {
			return nil, usageError{fmt.Errorf("%q is not a set of UIDs such as 1:5,9,20: %w", text, err)}
		}
		if r.first > r.last {
			r.first, r.last = r.last, r.first
		}
		set = append(set, r)
	}
	return set, nil
}

func parseUID(text string) (uint32, error) {
	if text == "*" {
		return lastUID, nil
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n == 0 || n == lastUID {
		return 0, fmt.Errorf("%q is not a UID", text)
	}
	return uint32(n), nil
}

// in returns the messages of the mailbox that the set means, ascending.
func (s uidSet) in(ctx context.Context, box mailstore.Mailbox) ([]uint32, error) {
	entries, err := box.Entries(ctx)
	if err != nil {
		return nil, err
	}
	var uids []uint32
	ranges := false
	for _, r := range s {
		if !r.single {
			ranges = true
			continue
		}
		uid, err := one(ctx, box, entries, r.first)
		if err != nil {
			return nil, err
		}
		uids = append(uids, uid)
	}
	if ranges {
		for e, err := range entries.All(ctx) {
			if err != nil {
				return nil, err
			}
			if s.ranges(e.UID) {
				uids = append(uids, e.UID)
			}
		}
	}
	slices.Sort(uids)
	return slices.Compact(uids), nil
}

func one(ctx context.Context, box mailstore.Mailbox, entries mailstore.Entries, uid uint32) (uint32, error) {
	if uid == lastUID {
		if entries.Len() == 0 {
			return 0, fmt.Errorf("mailbox %q has no messages", box.Name())
		}
		e, err := entries.At(ctx, entries.Len()-1)
		return e.UID, err
	}
	_, there, err := entries.ByUID(ctx, uid)
	if err == nil && !there {
		err = fmt.Errorf("mailbox %q has no uid %d", box.Name(), uid)
	}
	return uid, err
}

// ranges reports whether one of the ranges has the UID.
func (s uidSet) ranges(uid uint32) bool {
	return slices.ContainsFunc(s, func(r uidRange) bool { return !r.single && r.first <= uid && uid <= r.last })
}
