package job

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// FileError says which line of a job file is wrong.
type FileError struct {
	File string
	Line int
	Err  error
}

func (e *FileError) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }

// Unwrap returns the reason.
func (e *FileError) Unwrap() error { return e.Err }

// line is an option in a file, with the place where it stands.
type line struct {
	number      int
	name, value string
}

// section is a part of a job file.
type section struct {
	name   string
	number int // of its line
	lines  []line
}

// ParseFile reads a job file. overrides are options ("NAME=VALUE") that win over
// those of the file.
func ParseFile(path string, overrides ...string) ([]*Spec, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Parse(path, f, overrides...)
}

// Parse reads a job file from r; name is for error texts.
func Parse(name string, r io.Reader, overrides ...string) ([]*Spec, error) {
	sections, err := split(name, r)
	if err != nil {
		return nil, err
	}
	over, err := parseOverrides(overrides)
	if err != nil {
		return nil, err
	}
	var specs []*Spec
	var global []line
	for _, s := range sections {
		if s.name == "global" {
			global = append(global, s.lines...)
			continue
		}
		spec := defaults()
		spec.Name, spec.Source = s.name, fmt.Sprintf("%s:%d", name, s.number)
		if err := spec.fill(name, slices.Concat(global, s.lines), over); err != nil {
			return nil, err
		}
		specs = append(specs, &spec)
	}
	if len(specs) == 0 {
		return nil, &FileError{name, 1, errors.New("no job: a job is a section that is not [global]")}
	}
	return specs, checkAll(specs)
}

// fill applies the lines of a file and what overrides them.
func (s *Spec) fill(file string, lines []line, over []setting) error {
	base, err := kbBase(file, lines, over)
	if err != nil {
		return err
	}
	section := s.Name
	for _, l := range lines {
		o, err := lookup(l.name)
		if err == nil {
			err = s.apply(o, l.value, base)
		}
		if err != nil {
			return &FileError{file, l.number, err}
		}
	}
	s.Name = section // name= is for the command line
	return s.override(over, base)
}

// kbBase looks for kb_base before any size is read.
func kbBase(file string, lines []line, over []setting) (base int64, err error) {
	base = 1024
	for _, l := range lines {
		if l.name == "kb_base" {
			if base, err = parseBase(l.value); err != nil {
				return 0, &FileError{file, l.number, err}
			}
		}
	}
	for _, o := range over {
		if o.name == "kb_base" {
			return parseBase(o.value)
		}
	}
	return base, nil
}

func parseBase(v string) (int64, error) {
	if v != "1024" && v != "1000" {
		return 0, fmt.Errorf("kb_base: %q: 1024 or 1000", v)
	}
	if v == "1000" {
		return 1000, nil
	}
	return 1024, nil
}

// maxLine bounds a line of a job file, in bytes.
const maxLine = 64 << 10

func split(name string, r io.Reader) ([]section, error) {
	var sections []section
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxLine)
	for n := 1; scanner.Scan(); n++ {
		text := strings.TrimSpace(scanner.Text())
		if i := strings.IndexAny(text, ";#"); i >= 0 {
			text = strings.TrimSpace(text[:i])
		}
		switch {
		case text == "":
		case text[0] == '[':
			title, found := strings.CutSuffix(text[1:], "]")
			if !found || title == "" {
				return nil, &FileError{name, n, fmt.Errorf("%q is not a section: [NAME]", text)}
			}
			sections = append(sections, section{name: title, number: n})
		case len(sections) == 0:
			return nil, &FileError{name, n, fmt.Errorf("%q stands before the first section", text)}
		default:
			s := &sections[len(sections)-1]
			key, value, _ := strings.Cut(text, "=")
			value, err := expand(strings.TrimSpace(value))
			if err != nil {
				return nil, &FileError{name, n, err}
			}
			s.lines = append(s.lines, line{n, strings.TrimSpace(key), value})
		}
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return sections, nil
}

// expand replaces ${NAME}.
func expand(value string) (string, error) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(value, "${")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		name, after, closed := strings.Cut(rest, "}")
		v, set := os.LookupEnv(name)
		switch {
		case !closed:
			return "", fmt.Errorf("%q: ${ without }", value)
		case !set:
			return "", fmt.Errorf("the environment has no %s", name)
		}
		out.WriteString(v)
		value = after
	}
}
