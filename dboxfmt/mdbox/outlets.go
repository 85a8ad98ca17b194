package mdbox

import "sync"

// maxRecent is how many files are remembered that can be appended to. It bounds
// how many transactions of this process find a file without making one.
const maxRecent = 128

// tail is where a message file ends as far as the map, or a commit of this
// process, says.
type tail struct {
	file uint32
	end  int64
}

// outlets are the message files that this process appends to, and those that it
// has appended to lately. Other processes are kept away by locks on the files;
// this only saves trying.
type outlets struct {
	mu     sync.Mutex
	busy   map[uint32]bool
	recent []tail // the last one is the newest
}

// claim reports whether nobody in this process has the file, and takes it.
func (o *outlets) claim(file uint32) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.busy[file] {
		return false
	}
	if o.busy == nil {
		o.busy = map[uint32]bool{}
	}
	o.busy[file] = true
	return true
}

// release gives a file back; again says that it can be appended to again.
func (o *outlets) release(t tail, again bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.busy, t.file)
	for i := range o.recent {
		if o.recent[i].file == t.file {
			o.recent = append(o.recent[:i], o.recent[i+1:]...)
			break
		}
	}
	if again {
		o.recent = append(o.recent, t)
		if len(o.recent) > maxRecent {
			o.recent = append(o.recent[:0], o.recent[1:]...)
		}
	}
}

// idle returns the files that were appended to lately, the newest first.
func (o *outlets) idle() (list []tail) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := len(o.recent) - 1; i >= 0; i-- {
		if t := o.recent[i]; !o.busy[t.file] {
			list = append(list, t)
		}
	}
	return list
}
