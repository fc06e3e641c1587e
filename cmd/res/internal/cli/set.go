package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/resclient/resclient-go/res"
)

func (a *app) setCommand() *cobra.Command {
	var remove []string
	cmd := &cobra.Command{
		Use:   "set RID name=value...",
		Short: "Change properties of a model",
		Long: `Set calls the method set of a model. A value that is JSON is sent as that, anything
else as a string. Nothing is printed when it is done.`,
		Example: `  res set news.today message="Sun" edition=7
  res set user.42 'friend={"rid":"user.43"}' --delete nickname`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			values, err := pairs(args[1:])
			if err != nil {
				return err
			}
			for _, name := range remove {
				if _, twice := values[name]; twice {
					return &usageError{fmt.Errorf("%s is to be set and deleted", name)}
				}
				values[name] = res.DeleteAction
			}
			if len(values) == 0 {
				return &usageError{errors.New("nothing to set: give name=value, or --delete name")}
			}
			c, end, err := a.client(cmd.Context(), once)
			if err != nil {
				return err
			}
			defer end()
			ctx, cancel := a.within(cmd.Context())
			defer cancel()
			defer a.progress("setting " + args[0])()
			return c.Set(ctx, args[0], values)
		},
	}
	cmd.Flags().StringArrayVar(&remove, "delete", nil, "a `name` of a property to delete; may be repeated")
	return cmd
}
