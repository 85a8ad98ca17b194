package storetest

import (
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// Setting is the number in a variable of the environment: a seed to repeat, or
// for how long a test goes on.
func Setting(t testing.TB, variable string, otherwise int64) int64 {
	t.Helper()
	s := os.Getenv(variable)
	if s == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(s, 10, 64)
	require.NoError(t, err, variable)
	return n
}
