package measure

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of times in /proc, the same on all Linux machines.
const tick = 10 * time.Millisecond

// Processes adds up what a process, its children, and the children that it has
// waited for have used so far, for one that this process has not waited for. It
// is zero where there is no /proc.
func Processes(master int) (u Usage) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return u
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		fields := stat(pid)
		if len(fields) < 16 || pid != master && fields[1] != strconv.Itoa(master) {
			continue
		}
		u.User += ticks(fields[11])
		u.System += ticks(fields[12])
		if pid == master {
			u.User += ticks(fields[13])
			u.System += ticks(fields[14])
		}
	}
	return u
}

// stat returns the fields of /proc/PID/stat behind the name: state, ppid, …
func stat(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	_, after, _ := strings.Cut(string(text), ") ")
	return strings.Fields(after)
}

func ticks(field string) time.Duration {
	n, err := strconv.ParseInt(field, 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(n) * tick
}
