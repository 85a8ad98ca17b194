// Package mbox reads and writes mbox files in the mboxrd way: any number of
// ">" and "From " at the start of a line get one more ">" on the way in and
// lose it on the way out, so that every message comes back byte for byte.
//
//	From MAILER-DAEMON Wed Aug 19 12:34:56 2020   From_ line: sender and date, UTC
//	Status: RO                                    these three are not part of the
//	X-Status: F                                   message when they stand here, in
//	X-Keywords: $Forwarded                        this order; Writer always writes them
//	Subject: x                                    the message
//
//	>From here on this is quoted
//	                                              the empty line that ends each message
//
// A message whose last line has no line end is ended by that line end instead
// of by an empty line, which is what "the last line end before a From_ line is
// not part of the message" makes of it.
//
// Reader is tolerant: a line is a From_ line if it starts with "From " and has
// a date, wherever it stands, so that files whose writer quoted nothing (mboxcl2)
// or whose last lines are missing are read as far as can be told. Lines may end
// with CRLF. Flags are also taken from Status headers further down, which then
// stay in the message. What an mboxo writer, who did not quote ">From ", has
// written comes out with one ">" less.
//
// Neither of them holds a message or a line in memory. The published package
// github.com/emersion/go-mbox does hold messages, quotes in the mboxo way,
// refuses files without a last line end and does not give the date; that is why
// this one exists.
package mbox
