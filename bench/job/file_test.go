package job

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFile(t *testing.T) {
	t.Setenv("PLACE", "/data")
	specs, err := Parse("x.fio", strings.NewReader(`
; comment
# comment
[global]
directory=${PLACE}/mail	; behind a value
size = 8m
rw=randread
[first]
[global]
bs=8k
[second job]
rw=write
stonewall
`))
	require.NoError(t, err)
	require.Len(t, specs, 2)
	require.Equal(t, "/data/mail", specs[0].Directory)
	require.Equal(t, int64(4096), specs[0].BS.Min)
	require.Equal(t, "second job", specs[1].Name)
	require.Equal(t, int64(8192), specs[1].BS.Min)
	require.True(t, specs[1].RW.Write)
	require.Equal(t, map[string]string{"directory": "/data/mail", "size": "8m", "rw": "randread"}, specs[0].Options())
}

// The error says in which line of which file, and is a FileError.
func TestMalformedFiles(t *testing.T) {
	for text, want := range map[string]string{
		"rw=read\n[j]\n":                     "x.fio:1: ",
		"[j]\nsize=1m\nbs=4q\n":              "x.fio:3: bs: ",
		"[global]\nsize=1m\nfoo=1\n[j]\n":    "x.fio:3: foo: unknown option",
		"\n[j\nsize=1m\n":                    "x.fio:2: ",
		"[]\n":                               "x.fio:1: ",
		"[global]\nsize=1m\n":                "x.fio:1: no job",
		"":                                   "x.fio:1: no job",
		"[j]\n\nfilename=${NO_SUCH_VARIABLE": "x.fio:3: ",
		"[j]\nfilename=${NO_SUCH_VARIABLE}":  "x.fio:2: the environment has no",
		"[j]\nkb_base=7":                     "x.fio:2: kb_base",
	} {
		_, err := Parse("x.fio", strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
		var at *FileError
		require.True(t, errors.As(err, &at), text)
	}
	_, err := Parse("x.fio", strings.NewReader("[j]\nsize="+strings.Repeat("9", maxLine+1)))
	require.ErrorContains(t, err, "x.fio")
	_, err = ParseFile(filepath.Join(t.TempDir(), "missing.fio"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestOverrides(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j.fio")
	require.NoError(t, os.WriteFile(path, []byte("[j]\nsize=10g\nioengine=libaio\n"), 0o600))
	specs, err := ParseFile(path, "size=1m", "ioengine=uring,sync", "time_based=", "runtime=1")
	require.NoError(t, err)
	require.Equal(t, int64(1<<20), specs[0].Size)
	require.Equal(t, []string{"uring", "sync"}, specs[0].Engines)
	for _, bad := range []string{"name=x", "nonsense=1", "bs=4q", "kb_base=2"} {
		_, err := ParseFile(path, bad)
		require.Error(t, err, bad)
	}
}

func TestArgs(t *testing.T) {
	specs, err := ParseArgs([]string{"size=2m", "kb_base=1000", "name=a", "bs=4k", "name=b", "rw=write"})
	require.NoError(t, err)
	require.Len(t, specs, 2)
	require.Equal(t, int64(4000), specs[0].BS.Min)
	require.Equal(t, int64(2_000_000), specs[1].Size, "said before kb_base, read with each job")
	require.True(t, specs[1].RW.Write)
	for _, bad := range [][]string{nil, {"size=1m"}, {"name=a"}, {"name=a", "foo=1"}, {"foo=1", "name=a"}, {"name=x/y", "size=1m"}, {"kb_base=3"}} {
		_, err := ParseArgs(bad)
		require.Error(t, err, bad)
	}
}

func TestKnown(t *testing.T) {
	require.True(t, Known("bs"))
	require.True(t, Known("zonemode"))
	require.False(t, Known("frobnicate"))
	require.True(t, Alone("thread"))
	require.False(t, Alone("bs"))
	for _, o := range options {
		require.Contains(t, Help(), o.name)
	}
}

// What does the same job for fio is read without complaint.
func FuzzParse(f *testing.F) {
	f.Add("[global]\nsize=1m\n[j]\nrw=randrw\nbs=4k\n")
	f.Add("[j]\nbsrange=1k-${X}\n;#[")
	f.Fuzz(func(t *testing.T, text string) {
		specs, err := Parse("x.fio", strings.NewReader(text))
		if err == nil {
			require.NotEmpty(t, specs)
		}
	})
}
