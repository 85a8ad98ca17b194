package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/cmd/dbox/stores"
)

func (a *app) purgeCommand() *cobra.Command {
	var o storeOptions
	cmd := &cobra.Command{
		Use:   "purge STORE",
		Short: "Give back the space of expunged messages",
		Long: `purge writes those message files of an mdbox anew that have expunged messages in them, and
removes the old ones. Files that somebody is appending to are left for the next time. In
an sdbox there is nothing to do: an expunge removes the file.
` + versionHelp + storeHelp + `

With --json it prints an object: files (written anew or removed), messages, bytes.`,
		Example: `  dbox purge ~/mdbox`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withStore(cmd.Context(), args[0], o, func(s *stores.Store) error {
				done, err := s.Purge(cmd.Context())
				text := fmt.Sprintf("%s purged from %s, %s given back",
					count(done.Messages, "message"), count(done.Files, "file"), byteCount(done.Bytes))
				return errors.Join(err, newReport(a, o.json).end(purgedJSON{"summary", done.Files, done.Messages, done.Bytes}, text))
			})
		},
	}
	o.addFlags(cmd)
	o.addVersion(cmd)
	return cmd
}

// purgedJSON is what purge prints.
type purgedJSON struct {
	Type     string `json:"type"` // "summary"
	Files    int    `json:"files"`
	Messages int    `json:"messages"`
	Bytes    int64  `json:"bytes"`
}
