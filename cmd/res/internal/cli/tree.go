package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
)

func (a *app) treeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "tree RID",
		Short: "Print a resource with everything that it refers to",
		Long: `Tree prints a resource and, under each reference, what it leads to. A resource that is
printed already, further up or in a cycle, is not printed again. With -o json it is the
resource with its references expanded, as of "res get --deep".`,
		Example: `  res tree library.books`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withView(cmd.Context(), args[0], func(v *subs.View) error { return a.printExpanded(v, args[0]) })
		},
	}
}

// tree returns a resource and, indented under each reference, what it leads to.
func (p palette) tree(v *subs.View, rid string) string {
	t := &tree{palette: p, view: v, shown: map[string]bool{}}
	t.branch(v.Resource(rid), "")
	return strings.TrimSuffix(t.out.String(), "\n")
}

// tree is a tree that is being printed.
type tree struct {
	palette
	view  *subs.View
	shown map[string]bool
	depth int
	out   strings.Builder
}

// maxTreeDepth keeps a chain of references from running off the page.
const maxTreeDepth = 50

// branch prints a headline and, under it, what is in r, all after the given indent.
func (t *tree) branch(r *subs.Resource, indent string) {
	t.depth++
	defer func() { t.depth-- }()
	fmt.Fprintf(&t.out, "%s  %s\n", t.paint(bold, printable(r.RID())), t.paint(dim, t.headline(r)))
	t.shown[r.RID()] = true
	left := r.Len()
	for name, v := range t.fields(r) {
		left--
		twig, below := "├─ ", "│  "
		if left == 0 {
			twig, below = "└─ ", "   "
		}
		fmt.Fprintf(&t.out, "%s%s%s ", indent, t.paint(dim, twig), name)
		t.leaf(v, indent+t.paint(dim, below))
	}
}

// leaf prints a value, or what it refers to.
func (t *tree) leaf(v res.Value, indent string) {
	r := t.view.Follow(v)
	switch {
	case !v.IsReference() || r == nil:
		fmt.Fprintln(&t.out, t.value(v))
	case t.shown[r.RID()]:
		fmt.Fprintln(&t.out, t.value(v), t.paint(dim, "(above)"))
	case t.depth >= maxTreeDepth:
		fmt.Fprintln(&t.out, t.value(v), t.paint(dim, "(too deep)"))
	default:
		t.branch(r, indent)
	}
}
