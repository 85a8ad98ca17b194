// Package storetest is for the tests of both kinds of store: a private Dovecot
// to compare with ([Dovecot]), what a test does with any [mailstore.Mailbox]
// ([Save], [Contents]), and a benchmark of stores that have grown ([Growth]). It
// is no part of the library: unlike the stores it uses the operating system.
package storetest
