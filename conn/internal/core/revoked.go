package core

import (
	"fmt"

	"github.com/resclient/resclient-go/subs"
)

// An unsubscribe event takes away all that the gateway counts for a resource: also what
// it has counted for requests that it answers later. If such a request is refused, one
// more is taken away; if it is granted, nothing is there. As long as anything else holds
// the resource, the count stays wrong, a grant to come may be worth nothing, and nobody
// is told when that else is gone.

// miscounts plans a reconnect if the answer to q, which is about rid, leaves the
// gateway with a count that cannot be known.
func (c *Core) miscounts(q *request, rid string) {
	if c.revocations.of(q, rid) && c.reg.Follows(rid) {
		c.distrust(fmt.Errorf("%v %q was out when its subscription was ended: %w", q.Type, rid, subs.ErrInconsistent))
	}
}
