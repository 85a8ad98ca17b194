// Package dboxstore measures this library's stores from outside, as whole
// programs do their work: dbox import and dbox fetch as processes of their own,
// and deliveries over LMTP to a server in a process of its own (package lmtpd).
//
// The programs are built with the go command, once in a run, into a directory of
// the run. Message files are of version 2, so that the stores are of the same
// kind as those of Dovecot that they are compared with.
package dboxstore
