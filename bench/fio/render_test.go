package fio

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Every option that a job can have reaches fio.
func TestRender(t *testing.T) {
	for option, want := range map[string]string{
		"rw=randrw": "rw=randrw", "rw=read:-8k": "rw=read:-8192", "bs=8k,2k": "bsrange=8192-8192,2048-2048",
		"iodepth=7": "iodepth=7", "loops=3": "loops=3", "rwmixread=70": "rwmixread=70", "end_fsync=1": "end_fsync=1",
		"fsync=3": "fsync=3", "fdatasync=4": "fdatasync=4", "invalidate=0": "invalidate=0", "pre_read=1": "pre_read=1",
		"fadvise_hint=0": "fadvise_hint=0", "randseed=5": "randseed=5", "randrepeat=0": "randrepeat=0",
		"norandommap": "norandommap=1", "thread": "thread=1", "runtime=2": "runtime=2000000us", "ramp_time=1": "ramp_time=1000000us",
		"io_size=64k": "io_size=65536", "rate=1k,2k": "rate=1024,2048", "rate_iops=,9": "rate_iops=,9",
		"numjobs=2": "numjobs=1\nfilename=", "filename=a:b": "numjobs=1\nfilename=",
	} {
		require.Contains(t, Render(clones(t, "size=1m", option), "psync"), "\n"+want, option)
	}
	flags := Render(clones(t, "size=1m", "iodepth=8", "iodepth_batch=4"), "io_uring+registered+complete")
	require.Contains(t, flags, "ioengine=io_uring\n")
	require.Contains(t, flags, "\nfixedbufs=1\nregisterfiles=1\niodepth_batch_complete_min=4\n")
}
