// Package dovecot runs the installed Dovecot on a store of its own, so that the
// same work can be measured: deliveries over LMTP, doveadm import, doveadm fetch.
//
// The instance has its own base_dir, one static user, no passwords, a mail_uid
// that is not root, and one LMTP port on 127.0.0.1; Close stops it. It needs
// root, since Dovecot's master does.
package dovecot
