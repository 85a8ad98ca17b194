package report

import (
	"github.com/ringbox/ringbox/bench/measure"
	"github.com/ringbox/ringbox/bench/rounds"
)

// entries returns the results of an engine as fio lists them: one for each
// clone, or for each group if group_reporting is set.
func entries(o *rounds.Outcome, engine string) (list []measure.Result) {
	grouped := -1 // the group that is being added up
	for i := range o.Specs {
		part := o.Typical(engine, i)
		if !part.Spec.Grouped {
			list = append(list, part.Clones...)
			grouped = -1
			continue
		}
		whole := part.Whole()
		if grouped == whole.Group {
			list[len(list)-1].Add(whole)
			continue
		}
		list = append(list, whole)
		grouped = whole.Group
	}
	return list
}

// label names an entry; with several engines, also by its engine.
func label(o *rounds.Outcome, r *measure.Result) string {
	if len(o.Engines) > 1 {
		return r.Name + " on " + r.Engine
	}
	return r.Name
}
