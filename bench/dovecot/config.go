package dovecot

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// user is the only mail user. mailUID is nobody's.
const (
	user    = "bench"
	mailUID = 65534
)

// configure writes the configuration of an instance.
func (s *store) configure(kind string) error {
	text := fmt.Sprintf(`base_dir = %[1]s/run
state_dir = %[1]s/state
instance_name = ringbox-bench
log_path = %[1]s/log
protocols = lmtp
ssl = no
mail_location = %[2]s:%[3]s/store
mail_uid = %[4]d
mail_gid = %[4]d
first_valid_uid = 1
mail_home = %[3]s
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=%[4]d gid=%[4]d home=%[3]s
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = %[5]d
  }
}
namespace inbox {
  inbox = yes
}
`, s.base, kind, s.home, mailUID, s.port)
	return os.WriteFile(s.config(), []byte(text), 0o644)
}

func (s *store) config() string { return filepath.Join(s.base, "dovecot.conf") }

// freePort asks the system for a port that nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
