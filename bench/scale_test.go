package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestScale(t *testing.T) {
	code, out, errs := call(t, "scale", "--messages=2,20", "--rounds=1", "--repeat=1", "--directory=.", "--backend=threadpool")
	require.Zero(t, code, errs)
	require.Regexp(t, `sdbox +open +2 +\S+ +1\n`, out)
	require.Regexp(t, `mdbox +save one +20 +\S+ +\d`, out)
	require.Contains(t, out, "mdbox of 20 messages: index files of ")
	for says, args := range map[string]string{
		`--format "maildir"`: "--format=maildir", "--backend": "--backend=x", "--messages": "--messages=0", "--rounds": "--rounds=0",
		"stat /nowhere": "--directory=/nowhere", "extra": "extra", "--frob": "--frob", "invalid argument": "--messages=many",
	} {
		code, _, errs := call(t, "scale", args)
		require.Equal(t, 2, code, "%s: %s", args, errs)
		require.Contains(t, errs, says)
		require.Equal(t, 1, strings.Count(errs, "\n"), errs)
	}
}
