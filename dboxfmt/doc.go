// Package dboxfmt reads and writes dbox files, the message files of Dovecot's
// single-dbox (one message a file) and multi-dbox (many messages a file).
//
// Codecs, readers, writers, scanner and repair work on []byte, [io.Reader],
// [io.ReaderAt] and [io.Writer] only. A layer over them works on the files of an
// [fsapi.FS], with and without waiting.
//
// # File
//
// A file is one header line and messages back to back, nothing after them. All
// numbers are hex unless stated.
//
//	"2 M1e C5f3c2a10" LF          version 2, what Dovecot reads and writes
//	"1 A000003da M1e C…" LF       version 1, read only
//	"3 M13 C5f3c2a10" LF          version 3: the size comes after the message
//	 │  │   └ time of creation, unix seconds
//	 │  └ length of each message header in bytes, its LF included
//	 └ version; words with other letters are kept and ignored
//
// # Message, versions 1 and 2
//
//	01 02                         message header, M = 30 bytes
//	type                          1 byte, "N"
//	" " uid " "                   10 bytes; uid is 8 digits in version 1, spaces in version 2
//	size                          16 digits; written in upper case, read in either
//	LF                            byte M−1
//	body                          size bytes
//	LF 01 03 LF                   start of the metadata block
//	*( key value LF )             key: 1 byte; the first item of a key counts
//	LF                            or any line that starts with a space or NUL
//
// # Message, version 3
//
//	01 02 separator LF            message header, M = 19 bytes: a separator of M−3
//	                              base64url characters, random, new for each message
//	body                          of any length, not known beforehand
//	01 03 separator size16 LF     start of the metadata block, M+16 bytes;
//	                              size16: length of the body, 16 digits
//	*( key value LF )             as in version 2, and H: checksum of the body as stored
//	"L" length8 LF LF             11 bytes: length of the block from its 01 03 to the last LF
//
// A body ends where 01 03, its own separator, the number of bytes passed since
// its start, and LF follow each other. The same bytes with any other number are
// part of the body. Because a body that contains its own end could not be read
// back, [Writer] refuses to write one; with a random separator this does not
// happen.
//
// # Reading
//
// [Source.Single] reads a single-dbox file from its end, [Source.Record] reads
// one message of a multi-dbox file at the place that an index gives, [Decoder]
// reads a stream forward. They agree: what one of them accepts or rejects, the
// others do. [Source.Body] reads a body that one of them has found.
//
// Three different answers tell how a file ends: [io.EOF] after a complete
// message, [ErrTruncated] when the file stops in the middle of something, and
// [ErrCorrupt] when the bytes are wrong. The last two come as a *[FormatError].
// Where the start of a version 3 metadata block is lost, a file that ends as such
// a block does is called corrupt, not torn, lest somebody cut off what is good.
// An error of the underlying reader is none of these; it is passed on as it is,
// and the call can be repeated if the error was temporary.
//
// # Damaged files
//
// A [Scanner] goes over a file of any version and says of every byte what it
// belongs to: a message whose boundaries are confirmed, a damaged one, garbage.
// A damaged file header, a wild size or a lost line end cost no message but the
// one they are in, and that one keeps its body. [Source.Repair] writes the file
// anew and reports what it did with every range.
//
//	c := src.Scan(dboxfmt.ScanOptions{Verify: true})
//	for {
//		r, err := c.Next() // io.EOF: the file is covered
//		r.Verdict, r.Reason, r.Message …
//	}
//
// # Files of an FS
//
// A [MessageStream] reads one message of an open file without waiting: it says
// fsapi.ErrAgain when nothing is there yet, as the file itself does, and the
// file's callback or Wait tells when to call again. It can be sent to a client
// like any fsapi input stream.
//
//	f := fs.Open("m.1", fsapi.ReadOnly)
//	s := dboxfmt.NewRecordStream(f, extent, dboxfmt.StreamOptions{Verify: true, Owns: true})
//	s.SetCallback(func() { … })
//	m, err := s.Message() // sizes and metadata, before the body
//	n, err := s.Read(p)   // the body
//
// [OpenSource] gives a [Source] whose reads wait, with a context. [FileWriter]
// writes new files and commits them, and with [OpenAppender] appends to others
// after looking at their ends, under their lock; it waits if it is given a
// context. [NewFileSpool] makes spools. [RepairFile] repairs a file where it is
// and keeps the old one.
//
// # Reading the source
//
// Codecs over bytes: fileheader.go, msgheader.go, block.go and
// blockwrite.go, with metadata.go and items.go for what the items of a block
// mean. The readers over them: decoder.go and decbody.go with marker.go (where
// does a body end?), blockend.go and buffer.go; source.go, single.go, record.go;
// body.go. The writers: writer.go, msgwriter.go, spool.go. For damaged files:
// scan.go, whose first lines lead through the scan files; repair.go with
// repairwrite.go, repairmend.go and repairsalvage.go. Over fsapi: fsstream.go
// (what users see), fsrandom.go and fsforward.go (how it gets at a message) with
// fskeeper.go (what has come so far); fssource.go; fswriter.go, fsappend.go,
// fsspool.go; fsrepair.go.
package dboxfmt
