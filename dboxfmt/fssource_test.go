package dboxfmt

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ringbox/ringbox/fsapi"
)

// TestOpenSource: what waits gives what the readers over bytes give.
func TestOpenSource(t *testing.T) {
	files := larger(t)
	onEngines(t, func(t *testing.T, d *disk) {
		for name, data := range files {
			f := d.Open(d.put("f", data), fsapi.ReadOnly)
			src, err := OpenSource(soon(t), f, "x")
			require.NoError(t, err)
			_, m, err := src.Single()
			want := fromEnd(data)
			require.Equal(t, want.err, err, name)
			if err == nil {
				body, err := src.ReadBody(m, true)
				require.NoError(t, err)
				require.Equal(t, want.messages, []found{{*m, string(body)}}, name)
			}
			_, all, err := readForward(fsapi.NewReader(soon(t), f), DecoderOptions{Verify: true})
			require.Equal(t, forward(data, false), reading{all, err}, name)
			for _, f := range all {
				h, err := src.Header()
				require.NoError(t, err)
				m, err := src.Record(h, f.extent())
				require.NoError(t, err)
				require.Equal(t, f.Message, *m)
			}
			require.NoError(t, f.Close())
		}
	})
}

func TestOpenSourceErrors(t *testing.T) {
	d := newDisk(t, engines["uring"](t))
	_, err := OpenSource(soon(t), d.open(d.dir+"/none"), "")
	require.ErrorIs(t, err, os.ErrNotExist)
	path := d.put("f", fileOf(t, 3, "body"))
	ended, cancel := context.WithCancel(soon(t))
	cancel()
	_, err = OpenSource(ended, d.open(path), "")
	require.ErrorIs(t, err, context.Canceled)
	src, err := OpenSource(soon(t), d.open(path), "")
	require.NoError(t, err)
	require.Equal(t, path, src.Name)
	_, m, err := src.Single()
	require.NoError(t, err)
	m.Metadata.Set('H', "crc32c:00000000")
	body, err := src.ReadBody(m, true)
	require.ErrorIs(t, err, ErrChecksum)
	require.Equal(t, "body", string(body))
	_, err = src.ReadBody(&Message{BodySize: UnknownSize}, true)
	require.ErrorIs(t, err, ErrState)
}
