package core_test

import (
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
)

// The gateway asks for access to the member before it passes the call on. If it let go of
// the member meanwhile, it would forget the call.
func TestAResourceLingersForACallOnAMember(t *testing.T) {
	const access = 4 * time.Second // longer than a gateway waits for an answer, by default
	for name, test := range map[string]struct {
		call  string
		after func(*rig)
		keeps bool
	}{
		"that is out":               {"member", func(*rig) {}, true},
		"that is answered":          {"member", func(r *rig) { r.answer(r.requests[0], `{"payload":1}`) }, false},
		"that is out for long":      {"member", func(r *rig) { r.pass(access) }, false},
		"but not for one on itself": {"list", func(*rig) {}, false},
		"but not for any other":     {"other", func(*rig) {}, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := connected(t)
			list := r.subscribe("list")
			r.answer(r.sent("subscribe list")[0], `{"collections":{"list":[{"rid":"member"}]},"models":{"member":{"v":1}}}`)
			r.call(test.call, "do")
			test.after(r)
			r.requests = nil
			list.close()
			if test.keeps {
				r.pass(access - 1)
				r.sent()
				r.pass(1)
			}
			r.sent("unsubscribe list")
		})
	}
}

func TestWhatLingersForACallDoesNotKeepWhatLingersForLess(t *testing.T) {
	r := connected(t, func(c *core.Config) { c.Linger = time.Second })
	other := r.subscribed("other")
	list := r.subscribe("list")
	r.answer(r.sent("subscribe list")[0], `{"collections":{"list":[{"rid":"member"}]},"models":{"member":{"v":1}}}`)
	r.call("member", "do")
	call := r.sent("call member.do")[0]
	list.close()
	r.answer(call, `{"payload":1}`)
	other.close()
	r.pass(time.Second)
	r.answer(r.sent("unsubscribe other")[0], "")
	r.pass(3 * time.Second)
	r.sent("unsubscribe list")
}
