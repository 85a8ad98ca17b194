package rounds

import "time"

// Progress is told how far a run is.
type Progress interface {
	// At says which share of the run, 0 to 1, is done, and what is under way.
	At(share float64, what string)
	// Done ends the display.
	Done()
}

// Silent tells nobody.
type Silent struct{}

// At does nothing.
func (Silent) At(float64, string) {}

// Done does nothing.
func (Silent) Done() {}

const refresh = 200 * time.Millisecond

// watch reports the progress of a turn until the returned function is called.
func (r *run) watch(t *turn, what string, before, total int) func() {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(refresh)
		defer ticker.Stop()
		for {
			r.asked.Progress.At((float64(before)+t.share())/float64(total), what)
			select {
			case <-stop:
				return
			case <-ticker.C:
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
	}
}
