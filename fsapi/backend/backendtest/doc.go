// Package backendtest is the conformance suite of package backend: what every
// engine and every decorator must pass. An engine's test hooks it in with one
// call:
//
//	func TestConformance(t *testing.T) {
//		backendtest.Run(t, func(t *testing.T, depth int) backend.Backend {
//			b, err := myengine.New(myengine.Options{Depth: depth})
//			if errors.Is(err, backend.ErrUnavailable) {
//				t.Skip(err)
//			}
//			require.NoError(t, err)
//			return b
//		})
//	}
//
// All files are made and looked at through the engine, below t.TempDir(), so
// that an engine whose files are no files of this system (a simulated disk)
// can run the suite as well. Where handles have descriptors, os must see the
// same.
//
// # Reading the source
//
// run.go (the entry), rig.go (one engine under test and the ways to drive it),
// leaks*.go (what must be gone after Close). Then a file for each promise:
// transfer.go, vectored.go, opening.go, names.go, syncing.go, failures.go,
// invalid.go, chains.go, inflight.go, cancel.go, closing.go, concurrent.go,
// reuse.go, extras.go. history.go plays the seeded random script that
// script.go writes; two engines that play it must tell the same story.
package backendtest
