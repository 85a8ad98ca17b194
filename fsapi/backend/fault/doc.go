// Package fault makes things go wrong on purpose: a decorator over any
// backend.Backend that fails, shortens, delays or holds back the operations
// that its rules choose. Without rules it changes nothing.
//
//	b := fault.Wrap(engine)
//	b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpSync), Suffix: ".log", Skip: 2}.Fail(syscall.EIO))
//	held := b.Add(fault.Rule{Kinds: fault.Kinds(backend.OpRename)}.Hold())
//	...
//	<-held.Reached() // the rename has been asked for, and has not happened
//	held.Release()
//
// A [Rule] says which operations it is for and which of those it hits, and its
// methods say what happens to them. [Backend.Add] returns a [Fault], which
// counts and releases. [Sweep] puts a fault at operation 0, then at operation
// 1, and so on until a run has none left to hit. [Backend.Record] keeps a log
// of all operations, for tests that ask about order.
//
// # Rules and chains
//
// An operation is offered to the rules in the order in which they were added;
// the first one that hits it decides, and later ones do not count it. Rules
// decide when the operation is submitted, in the order of submission. A chain
// with a member that is hit goes to the engine member by member, and what
// holds for chains holds here: members after one that failed come back with
// backend.ErrCanceled, only a close of an open handle still runs.
//
// Operations that are held or delayed are in flight. Cancel ends them with
// backend.ErrCanceled (a close only stops waiting, since it must happen), and
// Close releases all of them and lets them run.
//
// A Backend is no backend.NowReader, whatever its engine is, so that every
// read is an operation that rules can hit. Locks pass through.
//
// # Reading the source
//
// rule.go and fault.go (what users say), backend.go (the decorator: what no
// rule hits passes through), completions.go (how it comes back), chain.go (what
// a rule hits), recorder.go, sweep.go.
package fault
