package main

import "fmt"

// maxJobs is a bound that no machine profits from passing.
const maxJobs = 1024

func errJobs(n int) error {
	return usageError{fmt.Errorf("--jobs %d: 1 to %d", n, maxJobs)}
}
