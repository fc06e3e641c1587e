package cli

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/resclient/resclient-go/conn"
)

const paramsHelp = `Params are JSON in one argument, name=value pairs, @file, or - for standard input;
without any, none are sent. A value that is JSON is sent as that, anything else as a
string: count=5 is a number, count='"5"' and name=five are strings.`

func (a *app) callCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "call RID METHOD [PARAMS]",
		Short: "Call a method of a resource and print its result",
		Long: `Call calls a method and prints what it answers: a payload, or {"rid":"..."} for a
resource. A call is sent once at the most. ` + "\n\n" + paramsHelp,
		Example: `  res call library.books new title="War and Peace" year=1869
  res call library.books count
  res call report.sales run @params.json --timeout 2m
  echo '{"amount":5}' | res call account.42 deposit -`,
		Args: cobra.MinimumNArgs(2),
		RunE: a.request((*conn.Client).Call),
	}
}

func (a *app) authCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "auth RID METHOD [PARAMS]",
		Short: "Call an authentication method and print its result",
		Long: `Auth sends an auth request, to try a login: what it grants ends with the command. To
be logged in for another command, give that one --login. ` + "\n\n" + paramsHelp,
		Example: `  res auth auth.user login @credentials.json
  res get account.42 --login auth.user.login --login-params @credentials.json`,
		Args: cobra.MinimumNArgs(2),
		RunE: a.request((*conn.Client).Auth),
	}
}

// request returns a command that makes a request of the arguments and prints the result.
func (a *app) request(send func(c *conn.Client, ctx context.Context, rid, method string, params, result any) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		params, err := a.params(args[2:])
		if err != nil {
			return err
		}
		c, end, err := a.client(cmd.Context(), once)
		if err != nil {
			return err
		}
		defer end()
		ctx, cancel := a.within(cmd.Context())
		defer cancel()
		defer a.progress("calling " + args[0] + " " + args[1])()
		var result json.RawMessage
		if err := send(c, ctx, args[0], args[1], params, &result); err != nil {
			return err
		}
		a.println(a.indent(result))
		return nil
	}
}

// indent lays JSON out for people, if they are to read it.
func (a *app) indent(text json.RawMessage) []byte {
	var b bytes.Buffer
	if a.effective() != pretty || json.Indent(&b, text, "", "  ") != nil {
		return text
	}
	return []byte(printableLines(b.String()))
}
