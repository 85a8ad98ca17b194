package threadpool

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

var queueKinds = []QueueKind{MutexQueue, LockFreeQueue}

func forEachQueue(t *testing.T, f func(t *testing.T, kind QueueKind)) {
	for _, kind := range queueKinds {
		t.Run(kind.String(), func(t *testing.T) { f(t, kind) })
	}
}

// list links n new tasks, numbered from first on.
func list(first, n int) *task {
	var head *task
	for i := n - 1; i >= 0; i-- {
		head = &task{n: first + i, next: head}
	}
	return head
}

func TestQueueIsFirstInFirstOut(t *testing.T) {
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		q := newQueue(kind, 8)
		for lap := range 10 { // around the ring more than once
			q.push(list(0, 3))
			q.push(list(3, 1))
			q.push(list(4, 4))
			for i := range 8 {
				got := q.pop()
				require.Equal(t, i, got.n, "lap %d", lap)
				require.Nil(t, got.next)
			}
		}
		q.close()
		require.Nil(t, q.pop())
	})
}

func TestQueueCloseHandsOutWhatIsLeft(t *testing.T) {
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		q := newQueue(kind, 4)
		q.push(list(0, 2))
		q.close()
		require.Equal(t, 0, q.pop().n)
		require.Equal(t, 1, q.pop().n)
		require.Nil(t, q.pop())
		require.Nil(t, q.pop())
	})
}

func TestQueueCloseWakesTheParked(t *testing.T) {
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		for range 200 { // closing meets workers on the way to parking
			q := newQueue(kind, 4)
			var workers sync.WaitGroup
			for range 4 {
				workers.Go(func() {
					for q.pop() != nil {
					}
				})
			}
			q.push(list(0, 2))
			q.close()
			workers.Wait()
		}
	})
}

// TestQueueUnderLoad: nothing is lost or doubled, and every consumer sees the
// tasks of a producer in the order in which they were pushed.
func TestQueueUnderLoad(t *testing.T) {
	const each = 3000
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		for _, c := range []struct{ producers, consumers, capacity, batch int }{
			{1, 1, 1, 1}, {1, 8, 4, 3}, {8, 1, 16, 2}, {8, 8, 8, 1}, {16, 16, 80, 5}, {32, 10, 256, 7}, {3, 32, 3, 1},
		} {
			t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
				q := newQueue(kind, c.capacity)
				// What slots are to a Pool; a batch for each producer fits, or they
				// would wait for each other half way.
				room := make(chan struct{}, c.capacity)
				var producers, consumers sync.WaitGroup
				for p := range c.producers {
					producers.Go(func() {
						for i := 0; i < each; i += c.batch {
							n := min(c.batch, each-i)
							for range n {
								room <- struct{}{}
							}
							q.push(list(p*each+i, n))
						}
					})
				}
				seen := make([][]int, c.consumers)
				for i := range seen {
					consumers.Go(func() {
						for t := q.pop(); t != nil; t = q.pop() {
							seen[i] = append(seen[i], t.n)
							<-room
						}
					})
				}
				producers.Wait()
				q.close()
				consumers.Wait()
				requireEachOnce(t, seen, c.producers, each)
			})
		}
	})
}

func requireEachOnce(t *testing.T, seen [][]int, producers, each int) {
	t.Helper()
	times := make([]int, producers*each)
	for consumer, tasks := range seen {
		last := make([]int, producers)
		for _, n := range tasks {
			times[n]++
			p := n / each
			require.GreaterOrEqual(t, n+1, last[p], "consumer %d, producer %d: out of order", consumer, p)
			last[p] = n + 1
		}
	}
	for n, k := range times {
		require.Equal(t, 1, k, "task %d of producer %d came out %d times", n%each, n/each, k)
	}
}

// TestQueueWakesEveryWorkerThatIsNeeded: tasks that wait for each other all
// get a worker, however they come in. A wake-up too few hangs the test.
func TestQueueWakesEveryWorkerThatIsNeeded(t *testing.T) {
	const workers, rounds = 6, 2000
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		q := newQueue(kind, workers)
		var barrier, round sync.WaitGroup
		var ended sync.WaitGroup
		for range workers {
			ended.Go(func() {
				for q.pop() != nil {
					barrier.Done()
					barrier.Wait() // the task ends when all of the round run
					round.Done()
				}
			})
		}
		for i := range rounds {
			barrier.Add(workers)
			round.Add(workers)
			switch i % 3 {
			case 0: // one batch
				q.push(list(0, workers))
			case 1: // one by one
				for n := range workers {
					q.push(list(n, 1))
				}
			case 2: // from several sides
				for n := range workers / 2 {
					go q.push(list(2*n, 2))
				}
			}
			round.Wait()
		}
		q.close()
		ended.Wait()
	})
}

// TestQueuePushMeetsParking: the push comes just when the only worker has found
// nothing and is about to park. A wake-up that is lost then hangs the test.
func TestQueuePushMeetsParking(t *testing.T) {
	const rounds = 30_000
	forEachQueue(t, func(t *testing.T, kind QueueKind) {
		q := newQueue(kind, 2)
		var popped, delay atomic.Int64
		var worker sync.WaitGroup
		worker.Go(func() {
			for q.pop() != nil {
				for n := popped.Add(1) % 256; n > 0; n-- {
					delay.Add(1) // so that the next look falls before the push, after it and beside it
				}
			}
		})
		for i := range int64(rounds) {
			q.push(&task{})
			for spins := 0; popped.Load() <= i; spins++ {
				if spins > 1000 { // it has parked, or shares our processor
					runtime.Gosched()
				}
			}
		}
		q.close()
		worker.Wait()
	})
}

// TestRingQueueWaitsForASlowConsumer: one that has taken a task and not given
// the cell back yet does not make push lose or overwrite anything.
func TestRingQueueWaitsForASlowConsumer(t *testing.T) {
	q := newRingQueue(2)
	q.push(list(0, 1))
	require.True(t, q.head.CompareAndSwap(0, 1)) // half of tryPop
	q.push(list(1, 1))
	require.False(t, q.tryPush(list(2, 1)), "there is no room")

	pushed := make(chan struct{})
	go func() {
		q.push(list(2, 1))
		close(pushed)
	}()
	require.Equal(t, 1, q.pop().n)
	q.cells[0].turn.Store(2) // the other half
	<-pushed
	require.Equal(t, 2, q.pop().n)
	require.False(t, q.ready())
}

func TestEventCountDoesNotSleepThroughANotification(t *testing.T) {
	var e eventCount
	e.init()
	e.notify() // nobody waits: nothing to do
	require.Zero(t, e.epoch.Load())

	key := e.prepare()
	e.notify()
	e.wait(key) // returns, since it came after prepare
	require.Zero(t, e.waiters.Load())

	e.prepare()
	e.cancel()
	require.Zero(t, e.waiters.Load())
}
