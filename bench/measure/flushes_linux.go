package measure

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// flushField is where /sys/dev/block/*/stat has the number of flushes, since
// kernel 5.5.
const flushField = 15

// Flushes returns how often the device that dir is on was told to make its cache
// durable, by anybody; ok is false where that cannot be found out.
func Flushes(dir string) (n int64, ok bool) {
	var s unix.Stat_t
	if unix.Stat(dir, &s) != nil {
		return 0, false
	}
	text, err := os.ReadFile(fmt.Sprintf("/sys/dev/block/%d:%d/stat", unix.Major(uint64(s.Dev)), unix.Minor(uint64(s.Dev))))
	fields := strings.Fields(string(text))
	if err != nil || len(fields) <= flushField {
		return 0, false
	}
	n, err = strconv.ParseInt(fields[flushField], 10, 64)
	return n, err == nil
}
