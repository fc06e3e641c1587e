package core_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

// sent takes the requests that were written since the last call and checks what
// they are: "subscribe a", "unsubscribe a *2", "call a.method".
func (r *rig) sent(want ...string) []wire.Request {
	r.Helper()
	requests := r.requests
	r.requests = nil
	var got []string
	for _, req := range requests {
		got = append(got, describe(req))
	}
	if !slices.Equal(got, want) {
		r.Fatalf("sent %q, want %q", got, want)
	}
	return requests
}

func describe(req wire.Request) string {
	text := req.Type.String()
	if req.RID != "" {
		text += " " + req.RID
	}
	if req.Method != "" {
		text += "." + req.Method
	}
	if req.Count > 1 {
		text += fmt.Sprintf(" *%d", req.Count)
	}
	return text
}

// read gives the core frames, as one batch.
func (r *rig) read(frames ...string) {
	r.Helper()
	r.batch.Reset()
	for _, f := range frames {
		r.batch.Add([]byte(f))
	}
	r.step(core.Received{Generation: r.generation, Messages: r.batch.Messages})
	r.batch.Reset()
	for range frames { // so that nothing can have been kept
		r.batch.Add([]byte(`{"event":"spoilt.change","data":{"values":{"spoilt":"spoilt"}}}`))
		r.batch.Add([]byte(`{"event":"spoilt.add","data":{"idx":99,"value":"spoilt"}}`))
		r.batch.Add([]byte(`{"event":"spoilt.remove","data":{"idx":99}}`))
	}
}

// answer answers a request with a result, or without one for an unsubscribe.
func (r *rig) answer(req wire.Request, result string) {
	r.Helper()
	r.read(r.success(req, result))
}

func (r *rig) success(req wire.Request, result string) string {
	delete(r.out, req.ID)
	if result == "" {
		return fmt.Sprintf(`{"id":%d}`, req.ID)
	}
	return fmt.Sprintf(`{"result":%s,"id":%d}`, result, req.ID)
}

func (r *rig) refuse(req wire.Request, err *res.Error) {
	r.Helper()
	r.read(r.refusal(req, err))
}

func (r *rig) refusal(req wire.Request, err *res.Error) string {
	delete(r.out, req.ID)
	return fmt.Sprintf(`{"error":{"code":%q,"message":%q},"id":%d}`, err.Code, err.Message, req.ID)
}

// event sends an event: "a.change".
func (r *rig) event(name, data string) {
	r.Helper()
	r.read(fmt.Sprintf(`{"event":%q,"data":%s}`, name, data))
}

// model is a resource set of one model with one property.
func model(rid string, v int) string { return fmt.Sprintf(`{"models":{%q:{"v":%d}}}`, rid, v) }

// wantReply checks that to has its reply, with an error that is want.
func (r *rig) wantReply(to any, want error) core.Reply {
	r.Helper()
	reply, ok := r.replies[to]
	if !ok {
		r.Fatalf("no reply to %v", to)
	}
	if !errors.Is(reply.Err, want) {
		r.Fatalf("the reply to %v is %v, want %v", to, reply.Err, want)
	}
	return reply
}

func (r *rig) wantNoReply(to any) {
	r.Helper()
	if reply, ok := r.replies[to]; ok {
		r.Fatalf("%v has a reply already: %+v", to, reply)
	}
}

func (r *rig) wantState(want state.State) {
	r.Helper()
	if got := r.core.State(); got != want {
		r.Fatalf("state is %v, want %v", got, want)
	}
}

// changed takes the transitions since the last call and checks them:
// "connected -> dialing: lost".
func (r *rig) changed(want ...string) {
	r.Helper()
	var got []string
	for _, t := range r.transitions {
		got = append(got, fmt.Sprintf("%v -> %v: %v", t.From, t.To, t.Event))
	}
	r.transitions = nil
	if !slices.Equal(got, want) {
		r.Fatalf("transitions\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// asked takes the questions to the retry policy and checks them: "a", "forget a".
func (r *rig) asked(want ...string) {
	r.Helper()
	var got []string
	for _, ask := range r.asks {
		if ask.Forget {
			got = append(got, "forget "+ask.RID)
		} else {
			got = append(got, ask.RID)
		}
	}
	r.asks = nil
	if !slices.Equal(got, want) {
		r.Fatalf("asked the policy %q, want %q", got, want)
	}
}

// retryAfter answers a question to the retry policy. Jitter makes the wait shorter.
func (r *rig) retryAfter(rid string, wait time.Duration) {
	r.Helper()
	r.step(core.RetryAfter{RID: rid, Next: core.Delay{Wait: wait}})
}
