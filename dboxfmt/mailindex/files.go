package mailindex

import (
	"path/filepath"

	"github.com/ringbox/ringbox/fsapi"
)

// files are the names that an index has.
type files struct {
	fs      *fsapi.FS
	dir     string
	path    string // the main index
	backup  string // the one before
	log     string
	log2    string // the log before
	newLock string // a log that is being made, and the lock on making one
}

func filesOf(fs *fsapi.FS, dir, name string) files {
	path := filepath.Join(dir, name)
	return files{fs, dir, path, path + ".backup", path + ".log", path + ".log.2", path + ".log.newlock"}
}
