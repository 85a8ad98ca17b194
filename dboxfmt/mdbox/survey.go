package mdbox

import (
	"context"
	"errors"
	"slices"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
)

// maxSurveys bounds how often the mailboxes are looked at again because some of
// them have got other names meanwhile.
const maxSurveys = 20

// survey calls visit with the index of every mailbox, or why it cannot be read.
// Nobody has to keep the list of mailboxes locked: one that is renamed meanwhile
// may be passed over or visited twice, so everything begins again then. While the
// map is locked the result is what refers to it at one moment.
func (s *Store) survey(ctx context.Context, begin func(), visit func(name string, v boxView, err error) error) error {
	for range maxSurveys {
		begin()
		if stable, err := s.surveyOnce(ctx, visit); stable || err != nil {
			return err
		}
	}
	return errors.New("mdbox: the list of mailboxes changes all the time")
}

// surveyOnce returns false if mailboxes have got other names meanwhile.
func (s *Store) surveyOnce(ctx context.Context, visit func(string, boxView, error) error) (bool, error) {
	before, err := s.selectable(ctx)
	if err != nil {
		return false, err
	}
	var empty []string
	for _, name := range before {
		v, err := s.peek(ctx, name)
		if err == nil && !v.begun() {
			empty = append(empty, name)
		}
		if err := visit(name, v, err); err != nil {
			return false, err
		}
	}
	after, err := s.selectable(ctx)
	if err != nil || !slices.Equal(before, after) {
		return false, err
	}
	// A mailbox that was away for a moment looks like one that has no index yet.
	for _, name := range empty {
		if v, err := s.peek(ctx, name); err == nil && v.begun() {
			return false, nil
		}
	}
	return true, nil
}

// selectable returns the names of all mailboxes, sorted.
func (s *Store) selectable(ctx context.Context) (names []string, err error) {
	list, err := s.tree.List(ctx)
	for _, info := range list {
		if info.Selectable {
			names = append(names, info.Name)
		}
	}
	return names, err
}

// peek returns a mailbox's index as it is now.
func (s *Store) peek(ctx context.Context, name string) (v boxView, err error) {
	for range 2 {
		var x *boxIndex
		if x, err = s.acquire(ctx, name); err != nil {
			return boxView{}, err
		}
		v, err = (&mailbox{store: s, name: name, index: x}).view(ctx)
		err = errors.Join(err, s.boxes.release(x))
		if !errors.Is(err, mailstore.ErrDeleted) {
			break
		}
		s.boxes.forget(name)
	}
	return v, err
}
