// Package simdisk is a disk in memory that loses power when it is told to: an
// engine for tests of code that has to survive a crash.
//
//	disk := simdisk.New(simdisk.Options{Seed: seed})
//	disk.CutAt(n) // the nth operation from now on is the last
//	fsys, err := fsapi.New(fsapi.Options{Engine: disk})
//	… work on fsys, until it fails; remember what was reported as done …
//	fsys.Close()
//	for survivor := range int64(5) {
//		fsys, err := fsapi.New(fsapi.Options{Engine: disk.AfterCrash(survivor)})
//		… all that was reported as done must be there …
//	}
//
// A sweep runs the same work again and again, with a cut at operation 1, 2, 3
// and so on, until a run has fewer operations than that ([Disk.Operations]).
// Equal seeds and equal operations give equal disks.
//
// # What survives
//
// Chains in flight take turns by chance, one member at a time. The operation at
// which the power goes fails, and has happened or not. After it all fail, apart
// from closing handles. What was synced survives. The rest does by chance:
//
//   - The content of a file, in sectors of 512 bytes: each is as it was when the
//     file was last synced, or as it was last written. The length is anything
//     that the file has had since, or more, and what was never written is zero;
//     with Options.Ordered a file is never longer than what is there of it. A
//     datasync keeps content and length, but not the permissions.
//   - The names in a directory, a change at a time: the first few of them, or any.
//     A rename is one change, also between two directories. Syncing a file does
//     not sync its name, and syncing a directory neither its own name nor what is
//     in the files. A directory that is lost takes with it all that is in it.
//   - A directory is not moved or removed before what has happened to it and in it
//     has: no file system loses files that were moved out of a directory in time.
//
// That is less than most file systems promise, and as much as code may rely on.
// A sync that fails gives up what was appended: the next one succeeds, and need
// not have written it, as on Linux.
//
// # What it is not
//
// There are no symbolic links, and nobody is refused anything for permissions. A
// file has at most 64 MiB. All files are root's. Cancel does nothing, since no
// operation takes long. Paths are taken from one root, relative ones as well.
// What fails, fails with the errno of Linux.
//
// # Reading the source
//
// disk.go (what users say), engine.go (operations and their turns), execute.go,
// open.go, names.go and rename.go (what they do), lock.go. node.go is a file or
// directory, content.go what a file holds and what of it survives, change.go the
// same of names; crash.go puts a new disk together.
package simdisk
