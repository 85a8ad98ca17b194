package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ringbox/ringbox/fsapi"
	"github.com/ringbox/ringbox/fsapi/backend"
)

// app is what all commands share.
type app struct {
	stdin      io.Reader
	stdout     io.Writer
	stderr     io.Writer
	backend    string
	noProgress bool
	engine     func() backend.Backend // instead of one that fsapi makes; for tests
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "dbox",
		Short: "Work on dbox mail stores and their files",
		Long: `dbox works on mail stores in Dovecot's formats single-dbox (sdbox: a file u.N for each
message) and multi-dbox (mdbox: files m.N with many messages): it lists, fetches, saves and
changes messages beside a running Dovecot, checks and rebuilds stores, checks and repairs
their message files, and moves mail between them and Maildir, mbox and .eml files.

Exit codes: 0 nothing wrong, 1 something is wrong with the mail, 2 wrong command line,
3 a file that cannot be read or written, or an interrupt.`,
		Example: `  dbox list ~/mdbox
  dbox fetch mdbox:/mail/joe INBOX 17
  dbox save ~/mdbox INBOX < message.eml
  dbox verify ~/mdbox
  dbox import maildir:Maildir mdbox:/mail/joe
  dbox dump storage/m.1`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	f := root.PersistentFlags()
	f.StringVar(&a.backend, "backend", string(fsapi.Auto), "engine for all mail files: auto, uring or threadpool")
	f.BoolVar(&a.noProgress, "no-progress", false, "no progress bar, also on a terminal")
	root.RegisterFlagCompletionFunc("backend", cobra.FixedCompletions([]string{"auto", "uring", "threadpool"}, cobra.ShellCompDirectiveNoFileComp))
	addGroup(root, "stores", "Stores:", a.listCommand(), a.statCommand(), a.fetchCommand(), a.saveCommand(), a.flagsCommand(),
		a.expungeCommand(), a.copyCommand(), a.moveCommand(), a.altmoveCommand(), a.purgeCommand(), a.rebuildCommand(), a.mailboxCommand())
	addGroup(root, "both", "Stores and message files:", a.verifyCommand(), a.importCommand(), a.exportCommand())
	addGroup(root, "files", "Message files:", a.dumpCommand(), a.catCommand(), a.repairCommand(), a.convertCommand())
	root.InitDefaultCompletionCmd()
	makeUsageErrors(root)
	return root
}

// addGroup adds commands that stand together in the help.
func addGroup(root *cobra.Command, id, title string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: id, Title: title})
	for _, cmd := range commands {
		cmd.GroupID = id
	}
	root.AddCommand(commands...)
}

// makeUsageErrors makes the mistakes that cobra finds exit with the code for
// them.
func makeUsageErrors(cmd *cobra.Command) {
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usageError{err}
			}
			return nil
		}
	}
	for _, c := range cmd.Commands() {
		makeUsageErrors(c)
	}
}

// helpPath is the command whose help is the one to look at.
func helpPath(root *cobra.Command, args []string) string {
	cmd, _, err := root.Find(args)
	if err != nil || cmd == root {
		return ""
	}
	return strings.TrimPrefix(cmd.CommandPath(), root.Name()+" ") + " "
}

// withFS runs fn on a file system of the engine that was asked for.
func (a *app) withFS(ctx context.Context, fn func(*fsapi.FS) error) (err error) {
	switch fsapi.BackendKind(a.backend) {
	case fsapi.Auto, fsapi.URing, fsapi.ThreadPool:
	default:
		return usageError{fmt.Errorf("--backend %q: auto, uring or threadpool", a.backend)}
	}
	o := fsapi.Options{Backend: fsapi.BackendKind(a.backend), Logger: slog.New(slog.DiscardHandler)}
	if a.engine != nil {
		o.Engine = a.engine()
	}
	fs, err := fsapi.New(o)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := fs.Close(); err == nil {
			err = cerr
		}
	}()
	return fn(fs)
}

// warn writes a line for people.
func (a *app) warn(format string, args ...any) {
	fmt.Fprintf(a.stderr, "dbox: "+format+"\n", args...)
}

// progress starts a progress bar unless there is to be none.
func (a *app) progress(total int64, what string) *progress {
	if a.noProgress {
		return &progress{}
	}
	return newProgress(a.stderr, total, what)
}

// version is what the Go tool has recorded in the program.
func version() string {
	v := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		v = info.Main.Version
	}
	return fmt.Sprintf("%s %s %s/%s", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
