package dboxfmt_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ringbox/ringbox/dboxfmt"
)

// A message of unknown size goes into a version 3 file and comes back from its
// end.
func Example() {
	var file bytes.Buffer
	w, err := dboxfmt.NewWriter(&file, dboxfmt.NewFileHeader(3, time.Now()), dboxfmt.WriterOptions{})
	if err != nil {
		panic(err)
	}
	m, err := w.Create(dboxfmt.UnknownSize)
	if err != nil {
		panic(err)
	}
	if _, err := io.Copy(m, strings.NewReader("Subject: x\n\nhi\n")); err != nil {
		panic(err)
	}
	var metadata dboxfmt.Metadata
	metadata.Set('G', "0123456789abcdef0123456789abcdef")
	if _, err := m.Finish(metadata); err != nil {
		panic(err)
	}

	src := dboxfmt.Source{Name: "u.1", R: bytes.NewReader(file.Bytes()), Size: int64(file.Len())}
	_, msg, err := src.Single()
	if err != nil {
		panic(err)
	}
	virtual, _ := msg.Metadata.VirtualSize()
	body, err := io.ReadAll(src.Body(msg, true))
	fmt.Printf("%d bytes, %d with CRLF: %q, %v\n", msg.BodySize, virtual, body, err)
	// Output: 15 bytes, 18 with CRLF: "Subject: x\n\nhi\n", <nil>
}

// Reading a stream whose length is not known, all messages in turn.
func ExampleDecoder() {
	const file = "2 M1e C5f3c2a10\n" +
		"\x01\x02N          0000000000000004\none\n\n\x01\x03\nR5f3c2a10\n\n" +
		"\x01\x02N          0000000000000004\ntwo\n\n\x01\x03\nR5f3c2a11\n\n"
	d := dboxfmt.NewDecoder(strings.NewReader(file), dboxfmt.DecoderOptions{Name: "m.1"})
	for {
		m, err := d.Next()
		if err != nil {
			fmt.Println(err)
			return
		}
		body, err := io.ReadAll(d)
		if err != nil {
			fmt.Println(err)
			return
		}
		received, _ := m.Metadata.Received()
		fmt.Printf("%d: %q %d\n", m.Offset, body, received.Unix())
	}
	// Output:
	// 16: "one\n" 1597778448
	// 65: "two\n" 1597778449
	// EOF
}
