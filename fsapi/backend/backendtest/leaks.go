package backendtest

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// inventory is what an engine must give back.
type inventory struct {
	files      map[string]int // what descriptors point to, and how many do
	goroutines int
}

func takeInventory() inventory {
	startNetpoller()
	return inventory{files: openFiles(), goroutines: runtime.NumGoroutine()}
}

// startNetpoller makes the runtime open the descriptors that it keeps.
func startNetpoller() {
	r, w, err := os.Pipe()
	if err == nil {
		r.Close()
		w.Close()
	}
}

// requireNothingMore fails if something is still there that before had not.
func (before inventory) requireNothingMore(t *testing.T) {
	t.Helper()
	if !eventually(func() bool { return runtime.NumGoroutine() <= before.goroutines }) {
		stacks := make([]byte, 1<<16)
		require.Fail(t, "leaked goroutines", "%s", stacks[:runtime.Stack(stacks, true)])
	}
	before.requireNoMoreFiles(t)
}

func (before inventory) requireNoMoreFiles(t *testing.T) {
	t.Helper()
	eventually(func() bool { return len(before.leaked()) == 0 })
	require.Empty(t, before.leaked(), "leaked descriptors")
}

func (before inventory) leaked() map[string]int {
	leaked := map[string]int{}
	for target, n := range openFiles() {
		if n > before.files[target] {
			leaked[target] = n - before.files[target]
		}
	}
	return leaked
}

// patience is how long something may take that has no reason to take long.
var patience = 10 * time.Second

// eventually gives others the processor until done says true; false when
// patience runs out.
func eventually(done func() bool) bool {
	for deadline := time.Now().Add(patience); !done(); runtime.Gosched() {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}
