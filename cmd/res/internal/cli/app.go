package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// app is one run of the program.
type app struct {
	in       io.Reader
	out, err io.Writer

	dial dial // opens network connections; nil for net.Dialer

	outTerminal, errTerminal bool
	colour                   bool // NO_COLOR is not set

	target  target
	timeout time.Duration
	format  format
	verbose bool

	began bool // the command line made sense and its command runs
}

// dial is the signature of net.Dialer's DialContext.
type dial = func(ctx context.Context, network, addr string) (net.Conn, error)

// Main runs the program with the process's streams and returns its exit status.
func Main(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		outTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		errTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		colour:      os.Getenv("NO_COLOR") == "",
	}
	return a.run(ctx, args)
}

// run runs the command that args name.
func (a *app) run(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return statusOK
	}
	if !a.began { // cobra's own errors have no type
		err = &usageError{err}
	}
	if ctx.Err() != nil {
		err = errors.Join(errInterrupted, err)
	}
	status, line := explain(err)
	if line != "" {
		fmt.Fprintln(a.err, "res: "+line)
	}
	return status
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "res",
		Short: "A command-line client for Resgate",
		Long: `res reads, watches, calls and changes the resources behind a Resgate gateway, and
finds out why a gateway cannot be reached.

The gateway is --url, $RES_URL, the URL of a context in the configuration file, or
else ` + defaultURL + `.

Exit status: 0 done, 1 any other error, 2 wrong usage, 3 not found, 4 access denied,
5 no answer in time, 6 no connection, 130 interrupted.`,
		Example: `  res get news.today
  res watch news.today --deep
  res call library.books new title="War and Peace" year=1869
  res --url wss://example.com/ws --token-file token doctor`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			a.began = true
			if a.timeout <= 0 {
				return &usageError{fmt.Errorf("--timeout must be more than 0, not %s", a.timeout)}
			}
			return nil
		},
	}
	flags := root.PersistentFlags()
	a.target.flags(flags)
	flags.DurationVar(&a.timeout, "timeout", 10*time.Second, "how long to wait for the gateway and its services")
	flags.VarP(&a.format, "output", "o", "pretty, json or raw (frames as they are); pretty on a terminal, else json")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "tell on standard error what the connection does")
	must(root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)))
	must(root.RegisterFlagCompletionFunc("context", a.target.completeContext))
	root.AddCommand(
		a.getCommand(), a.watchCommand(), a.treeCommand(),
		a.callCommand(), a.authCommand(), a.setCommand(),
		a.pingCommand(), a.doctorCommand(), a.contextCommand(),
	)
	return root
}

// must is for what only a mistake in this package can make fail.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// usageError is a command line that makes no sense.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// errInterrupted says that a signal has ended the program.
var errInterrupted = errors.New("interrupted")
