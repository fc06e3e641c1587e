package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/resclient/resclient-go/cmd/res/internal/probe"
)

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor [URL]",
		Short: "Find out what is wrong on the way to a gateway",
		Long: `Doctor goes the way to a gateway step by step: the name, TCP, TLS, the WebSocket
handshake, the protocol version, pings, latency, compression, and the login if there is
one. It says how each went, and for the one that fails, what to do. The exit status is
that of the first failure.`,
		Example: `  res doctor ws://localhost:8080
  res doctor wss://example.com/ws --ca ca.pem
  res doctor --context prod`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				if a.target.url != "" {
					return &usageError{errors.New("the URL is given twice")}
				}
				a.target.url = args[0]
			}
			return a.doctor(cmd.Context())
		},
	}
}

// diagnosis says that a doctor's step has failed. The step has been printed.
type diagnosis struct {
	step   string
	status int
}

func (d *diagnosis) Error() string { return d.step + " failed" }

func (a *app) doctor(ctx context.Context) error {
	route, t, err := a.route()
	if err != nil {
		return err
	}
	if a.effective() == pretty {
		fmt.Fprintln(a.out, redact(t.url))
	}
	x := &examination{app: a, route: route, target: t}
	defer x.close()
	for _, s := range x.steps() {
		if err := x.take(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// examination is what a doctor has found so far.
type examination struct {
	*app
	route  *probe.Route
	target target
	via    string // the proxy's URL, without user info; "" for none
	hop    string // the address to connect to: the gateway's or its proxy's
	link   *probe.Link
}

func (x *examination) close() {
	if x.link != nil {
		_ = x.link.Close()
	}
}

// step is one step on the way to a gateway. What it finds is for people.
type step struct {
	name string
	take func(context.Context) (finding, error)
}

// finding is how a step went: what was found, and what, though it works, is worth a
// warning.
type finding struct {
	found, warning string
	skip           bool // the step does not apply
}

// take takes a step and prints how it went.
func (x *examination) take(ctx context.Context, s step) error {
	limited, cancel := x.within(ctx)
	defer cancel()
	end := x.progress(s.name)
	f, err := s.take(limited)
	end()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		status, advice := explainConnection(err, x.via)
		x.report(report{Step: s.name, Result: "failed", Found: advice})
		return &diagnosis{s.name, status}
	case !f.skip:
		r := report{Step: s.name, Result: "ok", Found: f.found, Warning: f.warning}
		if f.warning != "" {
			r.Result = "warning"
		}
		x.report(r)
	}
	return nil
}

// report is a step as -o json prints it. Its fields are documented in docs/cli.md.
type report struct {
	Step    string `json:"step"`
	Result  string `json:"result"` // ok, warning, failed
	Found   string `json:"found,omitempty"`
	Warning string `json:"warning,omitempty"`
}

func (x *examination) report(r report) {
	if x.effective() != pretty {
		text, err := json.Marshal(r)
		must(err)
		fmt.Fprintf(x.out, "%s\n", text)
		return
	}
	p := x.palette()
	mark := map[string]string{"ok": p.paint(green, "ok  "), "warning": p.paint(yellow, "warn"), "failed": p.paint(red, "FAIL")}
	fmt.Fprintf(x.out, "  %s  %-11s  %s\n", mark[r.Result], r.Step, oneLine(r.Found))
	if r.Warning != "" {
		fmt.Fprintf(x.out, "  %-4s  %-11s  %s\n", "", "", oneLine(r.Warning))
	}
}
