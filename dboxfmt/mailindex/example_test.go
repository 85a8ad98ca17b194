package mailindex_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/ringbox/ringbox/dboxfmt/mailindex"
	"github.com/ringbox/ringbox/fsapi"
)

// An index is made, filled and read.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "index")
	check(err)
	defer os.RemoveAll(dir)
	fs, err := fsapi.New(fsapi.Options{Logger: slog.New(slog.DiscardHandler)})
	check(err)
	defer fs.Close()

	x, err := mailindex.Open(ctx, fs, dir, "dovecot.index", mailindex.Options{Create: true})
	check(err)
	defer x.Close()
	tx := &mailindex.Transaction{}
	tx.SetUIDValidity(1700000000)
	tx.Append(mailindex.Seen, "$Forwarded")
	added := tx.Append(0)
	check(x.Commit(ctx, tx)) // durable
	fmt.Println("uid", added.UID())

	v, err := x.View(ctx)
	check(err)
	for m, err := range v.All(ctx, 1, v.Count()) {
		check(err)
		fmt.Println(m.Seq, m.UID, m.Flags, m.Keywords())
	}
	// Output:
	// uid 2
	// 1 1 \Seen [$Forwarded]
	// 2 2  []
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
