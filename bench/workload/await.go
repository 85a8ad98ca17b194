package workload

import "context"

// await waits until something has moved; with nothing under way there is
// nothing to wait for. What has moved goes back into the channel, which has
// room for all that is under way, so that one turn finds all of it.
func await[T any](ctx context.Context, moved chan T, under int) error {
	if err := ctx.Err(); err != nil || under == 0 {
		return err
	}
	select {
	case m := <-moved:
		moved <- m
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
