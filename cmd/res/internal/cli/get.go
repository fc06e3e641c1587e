package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/subs"
)

func (a *app) getCommand() *cobra.Command {
	var deep bool
	cmd := &cobra.Command{
		Use:   "get RID",
		Short: "Print what a resource is now",
		Long: `Get prints a resource without subscribing to it: with -o json a model as an object and
a collection as an array. References stay {"rid":"..."}; with --deep, what they lead to
stands in their place.`,
		Example: `  res get news.today
  res get 'library.books?start=0&limit=10' -o json | jq length
  res get library.books --deep`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if deep {
				return a.withView(cmd.Context(), args[0], func(v *subs.View) error { return a.printExpanded(v, args[0]) })
			}
			return a.get(cmd.Context(), args[0])
		},
	}
	cmd.Flags().BoolVar(&deep, "deep", false, "expand references")
	return cmd
}

func (a *app) get(ctx context.Context, rid string) error {
	c, end, err := a.client(ctx, once)
	if err != nil {
		return err
	}
	defer end()
	ctx, cancel := a.within(ctx)
	defer cancel()
	defer a.progress("getting " + rid)()
	r, err := c.Get(ctx, rid)
	if err != nil {
		return err
	}
	if a.effective() == pretty {
		a.println([]byte(a.palette().resource(r)))
		return nil
	}
	text, err := r.MarshalJSON()
	if err != nil {
		return fmt.Errorf("get %s: %w", rid, err)
	}
	a.println(text)
	return nil
}

// withView hands f the resource with everything that it reaches through references.
func (a *app) withView(ctx context.Context, rid string, f func(*subs.View) error) error {
	c, end, err := a.client(ctx, once)
	if err != nil {
		return err
	}
	defer end()
	ctx, cancel := a.within(ctx)
	defer cancel()
	arrived := a.progress("getting " + rid)
	s, err := c.Subscribe(ctx, rid, conn.Deep())
	if err != nil {
		arrived()
		return err
	}
	view, err := firstView(ctx, s)
	arrived()
	if err != nil {
		return fmt.Errorf("get %s: %w", rid, err)
	}
	return f(view)
}

// firstView takes the view that the first event of a deep subscription has.
func firstView(ctx context.Context, s *conn.Subscription) (*subs.View, error) {
	for ev := range s.Events(ctx) {
		if sync, ok := ev.(*subs.Sync); ok && sync.View != nil {
			return sync.View, nil
		}
	}
	return nil, errors.Join(s.Err(), ctx.Err())
}

func (a *app) printExpanded(v *subs.View, rid string) error {
	if a.effective() == pretty {
		a.println([]byte(a.palette().tree(v, rid)))
		return nil
	}
	text, err := v.JSON(rid)
	if err != nil {
		return fmt.Errorf("get %s: %w", rid, err)
	}
	a.println(text)
	return nil
}
