// Package mailfmt carries mail between Maildir, mbox, .eml files, dbox message
// files and whole stores. All reading and writing goes through the FS API.
//
// A Source hands out one [Mail] after the other, without its text; the text is
// opened when it is needed, twice if its size has to be known first (dbox
// version 2), and is never in memory as a whole. A Target takes mails and
// commits them in groups. [Transfer] connects the two: what it has counted as
// written is complete, durable and under its final name, whatever stops it.
//
// # What is kept where
//
//	              date of arrival    GUID              flags             keywords          UID
//	maildir       time of the file   name of the file  name of the file  name of the file  dovecot-uidlist, if it is read
//	mbox          From_ line         -                 X-Status, Status  X-Keywords        -
//	eml           Date, or the time  name of the file  -                 -                 -
//	              of the file
//	dbox files    R                  G                 F                 K                 -
//	stores        R                  G                 index             index             index
//
// Stores and Maildirs have several mailboxes (Maildir++ folders in a Maildir);
// a [Mail] says which it is in. Keywords in the names of Maildir files are
// letters that the file dovecot-keywords explains, 26 for each folder.
//
// Dovecot keeps flags and keywords in the index of a store. Where there is none
// they are written as the items F and K that dbox files of version 1 had:
// Dovecot ignores and keeps them, and they come back here.
//
// UIDs are kept together with the UIDVALIDITY and UIDNEXT of a mailbox, or not at
// all: only a mailbox of a store that has never had a message can take them over.
//
// The GUID of a Maildir message is the name of its file up to the colon, as in
// Dovecot. The other way round a GUID that is such a name becomes the name, one
// of 32 hex digits becomes part of it ("<seconds>.N<number>G<GUID>.dbox") and is
// recognised there. .eml files are named <number>.<GUID>.eml.
//
// Windows has no names with a colon: for it, Maildir names are written with a
// semicolon, and wherever the program runs they are read with either.
//
// Times of files are set with the os package, after the commit: the FS API has
// no call for it.
//
// # Line ends
//
// dbox files hold LF. Import turns CRLF into LF, as Dovecot does when it saves;
// other carriage returns stay. Export writes what is stored, and so does what
// comes from dbox: a CRLF that is left there stays one.
//
// # Other packages
//
// Maildir is done here and not by github.com/emersion/go-maildir because that
// one is bound to the os package: no mail would go through the FS API. For mbox
// see package mbox.
package mailfmt
