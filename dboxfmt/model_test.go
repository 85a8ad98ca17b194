package dboxfmt

import (
	"bytes"
	"fmt"
)

// dovecotFix is a model of the repair that Dovecot has, made from a description
// of what it does to files.
type dovecotFix struct {
	data []byte
	out  bytes.Buffer
	ids  int
}

const fixBuffer = 8192

// fixLikeDovecot returns the repaired file.
func fixLikeDovecot(data []byte) []byte {
	h, err := ParseFileHeader(data)
	if err != nil || h.Version > 2 || h.MessageHeaderSize != headerSizeV2 {
		return nil // such a file is left aside
	}
	start := goodUntil(data, h)
	f := &dovecotFix{data: data}
	f.out.Write(data[:start])
	f.repair(start)
	return f.out.Bytes()
}

// goodUntil is the end of the last message before the first error.
func goodUntil(data []byte, h FileHeader) int {
	d := NewDecoder(bytes.NewReader(data), DecoderOptions{})
	end := int(h.Size())
	for {
		m, err := d.Next()
		if err != nil {
			return end
		}
		if body, err := readBody(d); err != nil || int64(len(body)) != m.BodySize {
			return end
		}
		if guid, _ := m.Metadata.Get('G'); guid == "" {
			return len(data) // what follows is not looked at
		}
		end = int(m.End())
	}
}

// scan finds the next marker at or after s. Bytes before it may be skipped as
// Dovecot skips them.
func (f *dovecotFix) scan(s int) (at int, pre, found bool) {
	for pos := s; ; {
		buffered := min(len(f.data), pos+fixBuffer)
		jumped := false
		for p := pos; p < buffered; p++ {
			if f.data[p] != 1 {
				continue
			}
			c := p
			if p != s {
				if p == 0 || f.data[p-1] != '\n' {
					continue
				}
				c = p - 1
			}
			at, pre, match, short := f.test(c, buffered)
			switch {
			case match:
				return at, pre, true
			case short && buffered-pos < fixBuffer:
				return 0, false, false
			case short:
				pos, jumped = c+2, true
			default:
				pos, jumped = c+max(1, buffered-pos-1), true
			}
			break
		}
		if !jumped {
			pos = buffered
		}
		if pos >= len(f.data) {
			return 0, false, false
		}
	}
}

// test looks for a marker at c; short: there are too few bytes to tell.
func (f *dovecotFix) test(c, buffered int) (at int, pre, match, short bool) {
	p := f.data[c:buffered]
	head := p
	if len(head) > 0 && head[0] == '\n' {
		head = head[1:]
	}
	at = c + len(p) - len(head)
	if len(head) < headerSizeV2 {
		return 0, false, false, true
	}
	_, isSize := parseHex(head[sizeAt:sizeEnd])
	if string(head[:4]) == "\x01\x02N " && head[uidEnd] == ' ' && isSize {
		return at, true, true, false
	}
	if bytes.HasPrefix(p, []byte(blockHeadV2)) {
		return c, false, postMatches(p[len(blockHeadV2):], len(p) >= fixBuffer), false
	}
	return 0, false, false, false
}

func postMatches(p []byte, full bool) bool {
	for {
		n := bytes.IndexByte(p, '\n')
		switch {
		case n < 0:
			return full
		case n == 0:
			return true
		case p[0] < 'A' && p[0] != ' ' || p[0] > 'Z':
			return false
		}
		if bytes.IndexByte([]byte("ORZVXEFS "), p[0]) >= 0 && bytes.ContainsFunc(p[:n], func(r rune) bool { return r < ' ' }) {
			return false
		}
		p = p[n+1:]
	}
}

// repair writes what it finds from v on.
func (f *dovecotFix) repair(v int) {
	for {
		o, pre, found := f.scan(v)
		if !found {
			return
		}
		body, end, whole := v, o, false
		if pre && o-v < minSalvage {
			body, end, whole, found = f.fromHeader(o)
			if !found {
				return
			}
		}
		if !whole {
			fmt.Fprintf(&f.out, "\x01\x02N          %016X\n", end-body)
		} else {
			f.out.Write(f.data[o : o+headerSizeV2])
		}
		f.out.Write(f.data[body:end])
		v = f.metadata(end, body)
	}
}

// fromHeader finds the body behind the header at o.
func (f *dovecotFix) fromHeader(o int) (body, end int, whole, found bool) {
	head := f.data[o:]
	if len(head) >= headerSizeV2 && head[headerSizeV2-1] == '\n' {
		body = o + headerSizeV2
		size, _ := parseHex(head[sizeAt:sizeEnd])
		if size > int64(len(f.data)-body) {
			return 0, 0, false, false
		}
		at, pre, found := f.scan(body + int(size))
		if !found {
			return 0, 0, false, false
		}
		if !pre && at == body+int(size) {
			return body, at, true, true
		}
	} else {
		body = o + len(messageMagic)
		if n := bytes.IndexByte(head[:min(len(head), headerSizeV2+16)], '\n'); n >= 0 {
			body = o + n
		}
	}
	end, _, found = f.scan(body)
	return body, end, false, found
}

// metadata copies what is at offset at, if it is a block, and returns where it
// ends.
func (f *dovecotFix) metadata(at, body int) int {
	f.out.WriteString(blockHeadV2)
	end := at
	guid := false
	if bytes.HasPrefix(f.data[at:], []byte(blockHeadV2)) {
		end += len(blockHeadV2)
		first := end
		for end < len(f.data) {
			line, _, complete := bytes.Cut(f.data[end:], []byte("\n"))
			if len(line) > 0 && line[0] < ' ' {
				end = first
				break
			}
			end += len(line)
			if complete {
				end++
			}
			if len(line) == 0 || line[0] == ' ' {
				break
			}
			if line[0] != 'V' {
				guid = guid || line[0] == 'G'
				f.out.Write(append(line[:len(line):len(line)], '\n'))
			}
		}
	}
	if !guid {
		f.ids++
		fmt.Fprintf(&f.out, "G%032x\n", f.ids)
	}
	fmt.Fprintf(&f.out, "V%x\n\n", virtualOf(string(f.data[body:at])))
	return end
}
