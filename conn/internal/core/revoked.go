package core

import (
	"fmt"

	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// The gateway counts a subscription when it gets a request, and what takes it away may
// come before the answer: an unsubscribe event, which takes all there is, or an
// unsubscribe that is to give back what requests without an answer have left. If the
// request is refused then, or was a get, one more is taken away; if it is granted,
// nothing is there. As long as anything else holds the resource the count stays wrong:
// a grant to come may be worth nothing, and nobody is told when that else is gone.

// miscounts plans a reconnect if the answer to q, which is about rid, leaves the
// gateway with a count that cannot be known.
func (c *Core) miscounts(q *request, rid string, granted bool) {
	doubtful := false
	switch q.typ {
	case wire.TypeSubscribe, wire.TypeGet:
		doubtful = q.settled && !granted || c.revocations.of(q, rid)
	default:
		doubtful = c.returns.of(q, rid) || c.revocations.of(q, rid)
	}
	if doubtful && (c.reg.Follows(rid) || c.table.loads(rid)) {
		c.distrust(fmt.Errorf("the subscription of %v %q may have been taken away: %w", q.typ, rid, subs.ErrInconsistent))
	}
}

// loads reports whether a request about anything else than rid is out, which may turn
// out to hold that.
func (t *table) loads(rid string) bool {
	for q := range t.all() {
		if q.rid != rid {
			return true
		}
	}
	return false
}
