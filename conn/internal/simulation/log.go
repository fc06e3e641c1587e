package simulation

import (
	"fmt"

	"github.com/resclient/resclient-go/conn/internal/core"
)

// tell adds a line to the log, if there is one.
func (w *world) tell(format string, args ...any) {
	if w.log != nil {
		*w.log = append(*w.log, fmt.Sprintf("%9.3f  ", w.now.Sub(began).Seconds())+fmt.Sprintf(format, args...))
	}
}

// tellInput logs what the core is stepped with, but for what was told already.
func (w *world) tellInput(in core.Input) {
	if w.log == nil {
		return
	}
	switch in := in.(type) {
	case core.Tick:
		w.tell("client's timer")
	case core.Received:
		w.tell("client takes in %d messages of %d", len(in.Messages), in.Generation)
	case core.Subscribe:
		w.tell("program subscribes to %s", in.RID)
	case core.Unsubscribe:
		w.tell("program closes %v", in.Handle.Owner)
	case core.Get:
		w.tell("program gets %s", in.RID)
	case *core.Call:
		w.tell("program calls %v %s.%s", in.Request.Type, in.Request.RID, in.Request.Method)
	case core.Dialled:
		w.tell("dial %d: %v", in.Generation, in.Err)
	case core.Lost:
		w.tell("socket %d is lost: %v", in.Generation, in.Err)
	case core.RetryAfter:
		w.tell("policy: %s after %v, stop %v", in.RID, in.Next.Wait, in.Next.Stop)
	default:
		w.tell("%T", in)
	}
}

// String says what is asked.
func (q *question) String() string {
	return fmt.Sprintf("%s of %v for gateway %d", [...]string{"get", "access", "call", "auth"}[q.kind], q.name, q.gateway.number)
}
