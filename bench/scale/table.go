package scale

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Print prints one row for each operation and size.
func Print(w io.Writer, format string, stores []*Store) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "format\toperation\tmessages\ttime\tratio\t")
	for i, name := range Operations {
		for k, s := range stores {
			ratio := "1"
			if k > 0 {
				ratio = s.Ratios(i, stores[0]).String()
			}
			fmt.Fprintf(t, "%s\t%s\t%d\t%v\t%s\t\n", format, name, s.Messages, s.Time(i).Round(100*time.Nanosecond), ratio)
		}
	}
	t.Flush()
	for _, s := range stores {
		fmt.Fprintf(w, "%s of %d messages: index files of %.1f bytes a message, %.1f bytes of heap a message while the mailbox is open\n",
			format, s.Messages, float64(s.Index)/float64(s.Messages), float64(s.Memory)/float64(s.Messages))
	}
	fmt.Fprintln(w)
}
