// Command lmtpd is a small LMTP server that delivers into a store of this
// library, to measure deliveries with.
//
//	lmtpd [-backend uring|threadpool|auto] sdbox:PATH|mdbox:PATH
//
// It listens on a free port of 127.0.0.1, prints the address, and ends when its
// standard input ends, or with an error, exit code 1. Mail for anybody goes to
// INBOX. The answer to a mail comes when it is durable: each connection commits
// a transaction of its own, and the store syncs those that come at the same
// time together. Message files are of version 2, those of Dovecot.
//
// main.go starts and ends, server.go receives mail.
package main
