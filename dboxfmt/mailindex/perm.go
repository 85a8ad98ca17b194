package mailindex

import (
	"context"

	"github.com/ringbox/ringbox/fsapi"
)

// perm returns the permissions for a file that is made.
func (x *Index) perm(ctx context.Context) (fsapi.Perm, error) {
	if x.opts.Perm.Mode != 0 {
		return x.opts.Perm, nil
	}
	info, err := x.files.fs.Stat(ctx, x.files.dir)
	if err != nil {
		return fsapi.Perm{}, err
	}
	p := fsapi.Perm{Mode: info.Mode().Perm()&0o666 | 0o600, Group: x.opts.Perm.Group}
	if id, ok := info.Sys().(fsapi.Info); ok && p.Group == nil && p.Mode&0o060 != 0 {
		group := int(id.GID)
		p.Group = &group
	}
	return p, nil
}
