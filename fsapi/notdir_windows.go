package fsapi

// isNotDir: on Windows the first attempt removes directories, too.
func isNotDir(error) bool { return true }
