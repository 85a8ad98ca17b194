package measure

import (
	"fmt"
	"io"
	"os"
)

// Preread reads files from beginning to end, so that the page cache has them.
func Preread(paths []string) error {
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, f)
		if f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// DropFiles takes files out of the page cache. What is dirty is written to the
// device first, since it cannot be dropped.
func DropFiles(paths []string) error {
	if err := flush(paths); err != nil {
		return err
	}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		err = dropFile(f)
		if f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// dropCaches is where root empties the page cache of the whole machine.
var dropCaches = "/proc/sys/vm/drop_caches"

// DropSystem empties the page cache of the machine, with all inodes and names.
// Only root can.
func DropSystem() error {
	f, err := os.OpenFile(dropCaches, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("the system's page cache cannot be dropped: %w", err)
	}
	_, err = f.WriteString("3\n")
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// Resident says in words how much of the files the page cache has.
func Resident(paths []string) string {
	var cached, total int64
	for _, path := range paths {
		c, t, ok := resident(path)
		if !ok {
			return "unknown how much is cached"
		}
		cached, total = cached+c, total+t
	}
	if total == 0 {
		return "nothing to cache"
	}
	return fmt.Sprintf("%.0f%% cached", 100*float64(cached)/float64(total))
}
