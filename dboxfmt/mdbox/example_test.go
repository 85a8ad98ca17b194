package mdbox_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/ringbox/ringbox/dboxfmt/mailstore"
	"github.com/ringbox/ringbox/dboxfmt/mdbox"
	"github.com/ringbox/ringbox/fsapi"
)

func Example() {
	ctx := context.Background()
	root, err := os.MkdirTemp("", "mdbox")
	check(err)
	defer os.RemoveAll(root)
	fsys, err := fsapi.New(fsapi.Options{Backend: fsapi.ThreadPool})
	check(err)
	defer fsys.Close()

	s, err := mdbox.Open(ctx, mdbox.Options{FS: fsys, Root: root})
	check(err)
	defer s.Close()
	inbox, err := s.Open(ctx, "INBOX")
	check(err)
	defer inbox.Close()

	tx := inbox.Begin()
	check(tx.Save(ctx, strings.NewReader("Subject: one\r\n\r\nhi\r\n"), mailstore.SaveOptions{}))
	check(tx.Save(ctx, strings.NewReader("Subject: two\r\n\r\nhi\r\n"), mailstore.SaveOptions{Flags: mailstore.Seen}))
	uids, err := tx.Commit(ctx)
	check(err)
	for mail, err := range inbox.Fetch(ctx, uids, mailstore.FetchOptions{}) {
		check(err)
		body, err := mail.Body(ctx)
		check(err)
		text, err := io.ReadAll(body)
		check(err)
		fmt.Println(strings.TrimSpace(fmt.Sprintf("%d %q %v", mail.UID, text, mail.Flags)))
	}
	// Output:
	// 1 "Subject: one\n\nhi\n"
	// 2 "Subject: two\n\nhi\n" \Seen
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
