package mdbox

import (
	"github.com/ringbox/ringbox/dboxfmt"
	"github.com/ringbox/ringbox/fsapi"
)

// maxIdle bounds the files that a Fetch keeps open for its next messages.
const maxIdle = 32

// messageFile is a message file that one message is read from. Then the next one
// can be, without opening it again and reading its header.
type messageFile struct {
	*fsapi.File
	id     uint32
	alt    bool
	header *dboxfmt.FileHeader // nil: not known yet
}

// fetchFiles are the files of one Fetch.
type fetchFiles struct {
	store *Store
	idle  []*messageFile
}

// get returns a file that is idle, or opens it.
func (p *fetchFiles) get(id uint32, alt bool) *messageFile {
	for i := len(p.idle) - 1; i >= 0; i-- {
		if f := p.idle[i]; f.id == id && f.alt == alt {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			return f
		}
	}
	return &messageFile{File: p.store.opts.FS.Open(p.store.layout.message(id, alt), fsapi.ReadOnly), id: id, alt: alt}
}

// put gives a file back from which a message has been read.
func (p *fetchFiles) put(f *messageFile) {
	p.idle = append(p.idle, f)
	if len(p.idle) > maxIdle {
		_ = p.idle[0].Close() // nothing was written
		p.idle = append(p.idle[:0], p.idle[1:]...)
	}
}

// forget closes the idle files of a number: that may be another file by now.
func (p *fetchFiles) forget(id uint32) {
	kept := p.idle[:0]
	for _, f := range p.idle {
		if f.id == id {
			_ = f.Close()
		} else {
			kept = append(kept, f)
		}
	}
	p.idle = kept
}

func (p *fetchFiles) close() {
	for _, f := range p.idle {
		_ = f.Close()
	}
	p.idle = nil
}
