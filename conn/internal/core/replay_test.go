package core_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

// subscribedTo returns a connected rig with n subscriptions, r.0 to r.n-1.
func subscribedTo(tb testing.TB, n int, change ...func(*core.Config)) (*rig, []*listener) {
	tb.Helper()
	r := connected(tb, change...)
	var subs []*listener
	for i := range n {
		subs = append(subs, r.subscribed(name(i)))
	}
	return r, subs
}

func name(i int) string { return fmt.Sprint("r.", i) }

func subscribeAll(from, to int) []string {
	var want []string
	for i := from; i < to; i++ {
		want = append(want, "subscribe "+name(i))
	}
	return want
}

func TestReplayOfTwoThousandResources(t *testing.T) {
	r, subs := subscribedTo(t, 2000)
	r.cut()
	r.reopen()
	for i := 0; i < 2000; {
		n := min(r.cfg.ReplayWindow, 2000-i)
		r.wantState(state.Resubscribing)
		reqs := r.sent(subscribeAll(i, i+n)...) // in the order of first subscription
		var answers []string
		for j, req := range reqs {
			answers = append(answers, r.success(req, model(name(i+j), 2)))
		}
		r.read(answers...)
		i += n
	}
	r.wantState(state.Connected)
	r.sent()
	for i, s := range subs {
		s.hears(name(i)+" stale: "+errCut.Error(), name(i)+" change v=2 (was 1)", name(i)+` sync (reconnect) {"v":2}`)
	}
	if s := r.core.Stats(); s.Subscriptions != 2000 || s.Stale != 0 || s.Resources != 2000 || s.Pending != 0 {
		t.Errorf("the figures are %+v", s)
	}
}

func TestEveryAnswerOfAReplayLetsTheNextRequestGo(t *testing.T) {
	r, _ := subscribedTo(t, 5, func(c *core.Config) { c.ReplayWindow = 2 })
	r.cut()
	r.reopen()
	reqs := r.sent("subscribe r.0", "subscribe r.1")
	r.answer(reqs[1], model("r.1", 1))
	third := r.sent("subscribe r.2")[0]
	r.read(r.success(reqs[0], model("r.0", 1)), r.success(third, model("r.2", 1)))
	last := r.sent("subscribe r.3", "subscribe r.4")
	r.answer(last[0], model("r.3", 1))
	r.wantState(state.Resubscribing)
	r.answer(last[1], model("r.4", 1))
	r.wantState(state.Connected)
}

func TestUnansweredReplayGivesUpItsPlaceUpToTenWindows(t *testing.T) {
	r, _ := subscribedTo(t, 50, func(c *core.Config) { c.ReplayWindow = 2 })
	r.cut()
	r.reopen()
	for i := 0; i < 20; i += 2 {
		r.sent(subscribeAll(i, i+2)...)
		r.pass(r.cfg.ReplaySlot - 1)
		r.sent()
		r.pass(1)
	}
	r.pass(10 * r.cfg.ReplaySlot)
	r.sent()
	r.pass(r.cfg.RequestTimeout) // those time out and make room
	if !slices.ContainsFunc(r.requests, func(req wire.Request) bool { return describe(req) == "subscribe r.20" }) {
		t.Fatal("the replay does not go on")
	}
	r.wantState(state.Resubscribing)
}

func TestSlowPlacesAreTakenBackOnlyOnce(t *testing.T) {
	r, _ := subscribedTo(t, 8, func(c *core.Config) { c.ReplayWindow = 2 })
	r.cut()
	r.reopen()
	first := r.sent("subscribe r.0", "subscribe r.1")
	r.pass(r.cfg.ReplaySlot)
	second := r.sent("subscribe r.2", "subscribe r.3")
	r.answer(first[0], model("r.0", 1)) // had given up its place
	r.sent()
	r.answer(second[0], model("r.2", 1))
	r.sent("subscribe r.4")
}

func TestConnectedOnlyWhenTheLastReplayIsAnsweredOrTimesOut(t *testing.T) {
	r, subs := subscribedTo(t, 3)
	r.cut()
	r.reopen()
	reqs := r.sent(subscribeAll(0, 3)...)
	r.answer(reqs[0], model("r.0", 1))
	r.refuse(reqs[1], res.ErrAccessDenied) // that does not hold up the others
	r.pass(r.cfg.RequestTimeout - 1)
	r.wantState(state.Resubscribing)
	r.pass(1)
	r.wantState(state.Connected)
	if r.core.InSync() {
		t.Error("in sync with two subscriptions stale")
	}
	if s := r.core.Stats(); s.Stale != 2 {
		t.Errorf("the figures are %+v", s)
	}
	subs[1].hears("r.1 stale: " + errCut.Error())
	if subs[1].ended != nil {
		t.Error("the denied subscription has ended")
	}
	r.asked("r.1", "r.2")
}

func TestNothingToReplayIsConnectedAtOnce(t *testing.T) {
	r := connected(t)
	r.changed("new -> dialing: started", "dialing -> resubscribing: opened", "resubscribing -> connected: replayed")
}

func TestReplayDoesNotWaitForWhatIsClosedMeanwhile(t *testing.T) {
	r, subs := subscribedTo(t, 3, func(c *core.Config) { c.ReplayWindow = 2 })
	r.cut()
	r.reopen()
	reqs := r.sent("subscribe r.0", "subscribe r.1")
	subs[2].close() // waits for a place
	subs[1].close() // is out
	r.answer(reqs[0], model("r.0", 1))
	r.wantState(state.Resubscribing)
	r.answer(reqs[1], model("r.1", 1))
	r.wantState(state.Connected)
	r.sent("unsubscribe r.1")
}

// Something else has come to do for what waits for its turn, and is under way when it closes,
// whether its turn is next or not.
func TestReplayDoesNotWaitForTheTurnOfWhatIsClosed(t *testing.T) {
	for i, other := range map[int]string{1: "r.2", 2: "r.1"} {
		rid := fmt.Sprint("r.", i)
		r, subs := subscribedTo(t, 3, func(c *core.Config) { c.ReplayWindow = 1 })
		r.cut()
		r.reopen()
		first := r.sent("subscribe r.0")[0]
		call, _ := r.callResource("x", "find")
		r.answer(r.sent("call x.find")[0], fmt.Sprintf(`{"rid":%q,"errors":{%q:{"code":"system.notFound","message":""}}}`, rid, rid))
		r.wantReply(call, res.ErrNotFound)
		req := r.sent("unsubscribe " + rid)[0]
		subs[i].close()
		r.answer(first, model("r.0", 1))
		r.answer(r.sent("subscribe " + other)[0], model(other, 1))
		r.refuse(req, res.ErrNoSubscription)
		r.wantState(state.Connected)
	}
}

// It has had its turn, and waits for its next try.
func TestReplayDoesNotWaitForWhatEndsMeanwhile(t *testing.T) {
	r, _ := subscribedTo(t, 2, func(c *core.Config) { c.ReplayWindow = 1; c.ReplayRate = 1 })
	r.cut()
	r.reopen()
	r.answer(r.sent("subscribe r.0")[0], model("r.0", 1))
	r.event("r.0.unsubscribe", `{"reason":{"code":"system.accessDenied","message":""}}`)
	r.asked("r.0")
	r.pass(time.Second)
	r.answer(r.sent("subscribe r.1")[0], model("r.1", 1))
	r.wantState(state.Connected)
}

func TestReplayThatIsCutStartsAnew(t *testing.T) {
	r, _ := subscribedTo(t, 3, func(c *core.Config) { c.ReplayWindow = 2 })
	for range 15 {
		r.cut()
		r.reopen()
		r.wantState(state.Resubscribing)
		reqs := r.sent("subscribe r.0", "subscribe r.1")
		r.answer(reqs[0], model("r.0", 1))
		r.sent("subscribe r.2")
	}
	r.cut()
	r.reopen()
	reqs := r.sent("subscribe r.0", "subscribe r.1")
	r.answer(reqs[0], model("r.0", 1))
	r.answer(reqs[1], model("r.1", 1))
	r.answer(r.sent("subscribe r.2")[0], model("r.2", 1))
	r.wantState(state.Connected)
}

func TestReplayDoesNotWaitForAGet(t *testing.T) {
	r, _ := subscribedTo(t, 2, func(c *core.Config) { c.ReplayWindow = 1 })
	r.cut()
	r.reopen()
	first := r.sent("subscribe r.0")[0]
	r.call("x", "find")
	r.answer(r.sent("call x.find")[0], `{"rid":"r.1","models":{"r.1":{"v":2}}}`)
	r.revoke("r.1", res.ErrAccessDenied)
	r.get("r.1")
	r.answer(first, model("r.0", 1))
	r.sent("get r.1")
	r.wantState(state.Connected)
}

func TestNewRequestsThatAreCutStartAnew(t *testing.T) {
	r := connected(t, func(c *core.Config) { c.ReplayWindow = 1 })
	a, b := r.subscribe("a"), r.get("b")
	for range 3 {
		r.sent("subscribe a")
		r.cut()
		r.reopen()
	}
	r.answer(r.sent("subscribe a")[0], model("a", 1))
	r.wantReply(a, nil)
	r.answer(r.sent("get b")[0], model("b", 1))
	b.gets(`{"v":1}`)
}

func TestNewRequestsHavePlacesOfTheirOwn(t *testing.T) {
	r, _ := subscribedTo(t, 4, func(c *core.Config) { c.ReplayWindow = 2 })
	r.cut()
	r.reopen()
	r.sent("subscribe r.0", "subscribe r.1") // and nobody answers
	fresh := r.subscribe("new")
	r.answer(r.sent("subscribe new")[0], model("new", 1))
	r.wantReply(fresh, nil)
	r.wantState(state.Resubscribing)
}

func TestFirstSubscribeDoesNotHoldUpConnected(t *testing.T) {
	r := newRig(t)
	r.step(core.Start{})
	sub := r.subscribe("a")
	r.open()
	r.wantState(state.Connected)
	r.cut()
	r.wantNoReply(sub) // it is repeated
	r.reopen()
	r.wantState(state.Connected)
	r.answer(r.sent("subscribe a")[0], model("a", 1))
	r.wantReply(sub, nil)
}

func TestCopiesThatNothingReachesAreDroppedAfterTheReplay(t *testing.T) {
	r := connected(t)
	r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"d":{"rid":"d"}},"d":{"c":{"rid":"c"}}}}`)
	if n := r.core.Stats().Resources; n != 3 {
		t.Fatalf("%d resources", n)
	}
	r.cut()
	r.reopen()
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{}}}`)
	if n := r.core.Stats().Resources; n != 1 {
		t.Errorf("%d resources are left", n)
	}
}

func TestTransitionsTellTheStory(t *testing.T) {
	r, _ := subscribedTo(t, 2)
	r.cut()
	r.pass(r.cfg.MaxDelay)
	r.dialFails(errRefused, wait(time.Second))
	r.pass(time.Second)
	r.dialled(core.Delay{})
	r.agree(wire.Protocol)
	for _, req := range r.sent("subscribe r.0", "subscribe r.1") {
		r.answer(req, `{"models":{"r.0":{},"r.1":{}}}`)
	}
	r.changed(
		"new -> dialing: started", "dialing -> resubscribing: opened", "resubscribing -> connected: replayed",
		"connected -> dialing: lost", "dialing -> dialing: dial failed",
		"dialing -> resubscribing: opened", "resubscribing -> connected: replayed",
	)
	if errors.Is(errCut, errRefused) {
		t.Fatal("the causes must differ")
	}
}
