package sdbox

import (
	"fmt"
	"math/rand"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi/backend/simdisk"
)

// TestPowerCut: the machine loses power at some operation. What TestCrash asks
// for holds on every disk that may be left; on one that lets files get longer
// before their data is there, after a rebuild.
func TestPowerCut(t *testing.T) {
	seed := time.Now().UnixNano()
	if s := os.Getenv(seedVariable); s != "" {
		var err error
		seed, err = strconv.ParseInt(s, 10, 64)
		require.NoError(t, err)
	}
	every := 29
	if os.Getenv(stepsVariable) != "" {
		every = 1
	}
	wander := func(w *worker) { w.wander(rand.New(rand.NewSource(seed))) }
	for name, c := range map[string]struct {
		ordered bool
		script  func(*worker)
	}{
		"everything": {true, (*worker).everything}, "wandering": {true, wander}, "wandering, torn": {false, wander},
	} {
		t.Run(name, func(t *testing.T) { cutPower(t, seed, every, c.ordered, c.script) })
	}
}

// cutPower runs a script until the power goes at every so many operations of it.
func cutPower(t *testing.T, seed int64, every int, ordered bool, script func(*worker)) {
	t.Logf("%s=%d", seedVariable, seed)
	at := 1 + rand.New(rand.NewSource(seed)).Intn(every)
	for ; ; at += every {
		disk := simdisk.New(simdisk.Options{Seed: seed, Dirs: []string{"/mail"}, Ordered: ordered})
		disk.CutAt(at)
		h := newHistory("/mail")
		h.torn = !ordered
		failed := h.work(disk, script)
		for i := range int64(3) {
			require.NoError(t, h.check(disk.AfterCrash(seed+i)), "cut at operation %d, survivor %d, after %v", at, seed+i, failed)
		}
		if !disk.Dead() {
			require.NoError(t, failed)
			break
		}
	}
	t.Logf("%d operations", at)
	require.Greater(t, at, 200)
}

// wander does anything in any order.
func (w *worker) wander(rng *rand.Rand) {
	boxes := []string{"INBOX", "x/y"}
	in := map[string][]string{}
	w.create("x/y")
	for step, saved := 0, 0; w.err == nil && step < 16; step++ {
		i := rng.Intn(2)
		from, to := boxes[i], boxes[1-i]
		chosen := some(rng, in[from])
		switch n := rng.Intn(10); {
		case n < 3 || len(chosen) == 0:
			var fresh []string
			for range 1 + rng.Intn(3) {
				saved++
				fresh = append(fresh, fmt.Sprintf("%02d", saved))
			}
			w.save(from, fresh...)
			in[from] = append(in[from], fresh...)
		case n < 5:
			// Flags are those of one mailbox.
			if chosen = slices.DeleteFunc(chosen, func(g string) bool { return w.copies[g] > 1 }); len(chosen) > 0 {
				w.flags(from, chosen...)
			}
		case n < 6:
			w.expunge(from, chosen...)
			in[from] = slices.DeleteFunc(in[from], func(g string) bool { return slices.Contains(chosen, g) })
		case n < 8:
			w.altMove(from, rng.Intn(3) == 0, chosen...)
		default:
			g := chosen[0]
			if slices.Contains(in[to], g) || w.gone[to+" "+g] {
				continue
			}
			in[to] = append(in[to], g)
			if n == 8 {
				w.copy(from, g, to)
				continue
			}
			w.move(from, g, to)
			in[from] = slices.DeleteFunc(in[from], func(h string) bool { return h == g })
		}
	}
}

// some returns up to three of all.
func some(rng *rand.Rand, all []string) (list []string) {
	for _, i := range rng.Perm(len(all))[:min(len(all), 1+rng.Intn(3))] {
		list = append(list, all[i])
	}
	return list
}
