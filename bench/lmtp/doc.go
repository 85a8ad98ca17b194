// Package lmtp delivers mail to an LMTP server over one connection or several,
// as a mail transfer agent does: one transaction for each mail, the next when
// the server has taken responsibility for the last.
package lmtp
