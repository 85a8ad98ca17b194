package job

import (
	"fmt"
	"strings"
)

// parseOverrides splits "NAME=VALUE" and checks the names.
func parseOverrides(args []string) ([]setting, error) {
	var over []setting
	for _, a := range args {
		name, value, _ := strings.Cut(a, "=")
		if name == "name" {
			return nil, fmt.Errorf("name: a job file names its jobs itself")
		}
		if _, err := lookup(name); err != nil {
			return nil, err
		}
		over = append(over, setting{name, value})
	}
	return over, nil
}

// override applies options of the command line.
func (s *Spec) override(over []setting, base int64) error {
	for _, set := range over {
		o, err := lookup(set.name)
		if err == nil {
			err = s.apply(o, set.value, base)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ParseArgs makes jobs from options ("NAME=VALUE") alone: each name begins a
// job, and what stands before the first one holds for all of them.
func ParseArgs(args []string) ([]*Spec, error) {
	var global []setting
	var specs []*Spec
	base, err := kbBase("", nil, nil)
	if err != nil {
		return nil, err
	}
	for _, a := range args {
		name, value, _ := strings.Cut(a, "=")
		switch {
		case name == "kb_base":
			if base, err = parseBase(value); err != nil {
				return nil, err
			}
		case name == "name":
			s := defaults()
			s.Source = "command line"
			if err := s.override(append(global, setting{name, value}), base); err != nil {
				return nil, err
			}
			specs = append(specs, &s)
		case len(specs) == 0:
			global = append(global, setting{name, value})
		default:
			if err := specs[len(specs)-1].override([]setting{{name, value}}, base); err != nil {
				return nil, err
			}
		}
	}
	if len(specs) == 0 {
		return nil, fmt.Errorf("no job: give a job file, or --name and options")
	}
	return specs, checkAll(specs)
}

// Known reports whether fio or this program has an option of that name.
func Known(name string) bool {
	_, err := lookup(name)
	return err == nil || !strings.HasSuffix(err.Error(), "unknown option")
}

// Alone reports whether the option can be said without a value.
func Alone(name string) bool {
	o, err := lookup(name)
	return err == nil && o.alone
}

// Help lists the options for people.
func Help() string {
	var b strings.Builder
	for _, o := range options {
		fmt.Fprintf(&b, "  %-16s %s\n", o.name, o.help)
	}
	return b.String()
}
