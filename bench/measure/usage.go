package measure

import "time"

// Usage is what work has cost. The kernel's io_uring workers are threads of the
// process and count.
type Usage struct {
	User, System             time.Duration
	Switches                 int64 // of context, voluntary or not
	MajorFaults, MinorFaults int64
}

// Since returns the cost since an earlier reading.
func (u Usage) Since(before Usage) Usage {
	return Usage{u.User - before.User, u.System - before.System, u.Switches - before.Switches,
		u.MajorFaults - before.MajorFaults, u.MinorFaults - before.MinorFaults}
}

// Share returns a part of n equal ones.
func (u Usage) Share(n int) Usage {
	return Usage{u.User / time.Duration(n), u.System / time.Duration(n), u.Switches / int64(n),
		u.MajorFaults / int64(n), u.MinorFaults / int64(n)}
}

// Plus adds what something else has cost.
func (u Usage) Plus(o Usage) Usage {
	return Usage{u.User + o.User, u.System + o.System, u.Switches + o.Switches,
		u.MajorFaults + o.MajorFaults, u.MinorFaults + o.MinorFaults}
}
