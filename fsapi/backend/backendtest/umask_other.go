//go:build !linux && !darwin

package backendtest

func restrictiveUmask(r *rig) (restore func()) {
	r.Skip("no umask on this platform")
	return nil
}
