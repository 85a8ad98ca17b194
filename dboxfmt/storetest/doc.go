// Package storetest is for the tests of both kinds of store: a private Dovecot
// to compare with ([Dovecot]), and what a test does with any
// [mailstore.Mailbox] ([Save], [Contents]). It is no part of the library:
// unlike the stores it uses the operating system.
package storetest
