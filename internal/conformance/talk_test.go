package conformance_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/internal/transcript"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// talk is one connection of a transcript: a client's.
type talk struct {
	*conversation
	name   string
	script *script
	client *conn.Client
	ctx    context.Context // the program's
	giveUp func()

	asked  []*asked
	early  []wire.Request     // sent, and not asked for yet
	feeds  map[string][]*feed // by resource id: open subscriptions
	frames *frames

	log *recorder

	cut    bool // the connection was ended
	doubts bool // the client has given the connection up
}

// asked is a recorded request, and what has become of it.
type asked struct {
	wire.Request
	answer   *wire.Response // as recorded, nil for none
	answered bool
	refused  bool          // by the client: it is not well formed
	sent     *wire.Request // the client's
	done     chan struct{} // closed when the program has its result; nil if it has asked for nothing

	err      error
	feed     *feed
	payload  json.RawMessage
	resource *subs.Resource
}

// talk returns the one of a connection, which begins when it is first named.
func (c *conversation) talk(name string) *talk {
	if t := c.talks[name]; t != nil {
		return t
	}
	t := &talk{conversation: c, name: name, feeds: map[string][]*feed{}, frames: newFrames()}
	t.ctx, t.giveUp = context.WithCancel(c.w.t.Context())
	t.log = &recorder{}
	addr := fmt.Sprintf("gateway%d:80", len(c.talks))
	t.script = newScript(c.w, addr)
	client, err := conn.New("ws://"+addr, conn.WithNetDial(c.w.network.Dial), conn.WithSeed(1, 2), conn.WithRequestTimeout(time.Hour),
		conn.WithLogger(slog.New(slog.NewTextHandler(t.log, nil))))
	c.w.must(err)
	t.client = client
	c.w.t.Cleanup(client.Close)
	c.talks[name] = t
	t.frames.legacy = t.protocol() == wire.LegacyProtocol
	t.collect()
	if protocol := t.protocol(); protocol != "" {
		t.agree(protocol)
	}
	return t
}

// agree answers the version request as the gateway of an older protocol does.
func (t *talk) agree(protocol string) {
	if len(t.early) != 1 || t.early[0].Type != wire.TypeVersion {
		fail("the client begins with %v", t.early)
	}
	answer := fmt.Sprintf(`{"result":{"protocol":%q},"id":%d}`, protocol, t.early[0].ID)
	if protocol == wire.LegacyProtocol {
		answer = fmt.Sprintf(`{"error":{"code":"system.invalidRequest","message":"Invalid request"},"id":%d}`, t.early[0].ID)
	}
	t.early = nil
	t.script.say(answer)
	t.w.must(t.client.WaitFor(t.ctx, state.Connected))
}

// collect takes in what the client has sent, and whether it is still there.
func (t *talk) collect() {
	synctest.Wait()
	for _, q := range t.script.taken() {
		i := slices.IndexFunc(t.asked, func(a *asked) bool { return a.fits(q) })
		switch {
		case i >= 0:
			t.asked[i].sent = &q
		case q.Type == wire.TypeUnsubscribe:
			t.giveBack(q)
		case q.Type == wire.TypeSubscribe, q.Type == wire.TypeVersion && len(t.asked) == 0:
			t.early = append(t.early, q) // a retry
		case q.Type == wire.TypeGet && strings.HasSuffix(q.RID, "?"):
			t.compares(q)
		default:
			fail("the client sends %v %q %q, which nobody has asked for", q.Type, q.RID, q.Method)
		}
	}
	t.doubts = t.doubts || t.script.left() && !t.cut
}

// giveBack answers an unsubscribe request that was not recorded: of a direct
// subscription that came with a call, or was left behind by a failed get.
func (t *talk) giveBack(q wire.Request) {
	a := &wire.Response{ID: q.ID}
	text := fmt.Sprintf(`{"id":%d}`, q.ID)
	if t.frames.direct[q.RID] < max(q.Count, 1) {
		a.Error = res.ErrNoSubscription
		text = fmt.Sprintf(`{"error":{"code":"system.noSubscription","message":"No subscription"},"id":%d}`, q.ID)
	}
	t.frames.answered(q, a)
	t.script.say(text)
	t.collect()
}

// compares answers a get under the other id of a resource with what the services have:
// the client that was recorded did not ask.
func (t *talk) compares(q wire.Request) {
	is := t.truth.copies[strings.TrimSuffix(q.RID, "?")]
	if is == nil || is.model == nil {
		fail("the client asks for %q, which is %v", q.RID, is)
	}
	t.conversation.compared = true
	set, err := json.Marshal(map[string]any{"models": map[string]any{q.RID: is.model}})
	t.w.must(err)
	t.script.say(fmt.Sprintf(`{"result":%s,"id":%d}`, set, q.ID))
	t.collect()
}

// hears gives the client a recorded message.
func (t *talk) hears(l transcript.Line) {
	if t.cut || t.doubts {
		return
	}
	text := l.Text()
	m, err := wire.Parse([]byte(text))
	if err != nil {
		fail("%v", err)
	}
	switch m := m.(type) {
	case *wire.Response:
		t.answer(m, text)
	case *wire.Event:
		t.heard++
		t.frames.happened(m)
		t.script.say(text)
		t.collect()
		t.compare()
		if m.Name != wire.EventUnsubscribe {
			t.told(m)
		}
	}
}

// answer gives the client a recorded answer, if it has asked.
func (t *talk) answer(r *wire.Response, text string) {
	i := slices.IndexFunc(t.asked, func(a *asked) bool { return a.Request.ID == r.ID && !a.answered })
	if i < 0 {
		fail("an answer to nothing: %s", text)
	}
	a := t.asked[i]
	t.awaitSent(a)
	a.answered = true
	if t.doubts {
		return
	}
	if a.sent == nil {
		t.unsent(a, r)
		return
	}
	if a.Type != wire.TypeVersion {
		t.heard++
	}
	t.frames.answered(*a.sent, r)
	t.script.say(strings.TrimSuffix(text, fmt.Sprintf(`"id":%d}`, r.ID)) + fmt.Sprintf(`"id":%d}`, a.sent.ID))
	t.collect()
	if a.Type == wire.TypeVersion {
		t.w.must(t.client.WaitFor(t.ctx, state.Connected))
	}
	t.result(a, r)
	t.compare()
}

// awaitSent waits until the client has sent a request, or knows that it need not.
func (t *talk) awaitSent(a *asked) {
	retried := a.Type == wire.TypeSubscribe && a.done == nil && !t.dead(a.RID) && !a.refused
	for range 100 {
		if t.collect(); a.sent != nil || t.doubts || a.isDone() || a.done == nil && !retried {
			return
		}
		if t.swap(a) {
			return
		}
		time.Sleep(time.Second)
	}
	fail("the client does not send %v %q", a.Type, a.RID)
}

// dead reports whether a resource was deleted and is still referred to. It is not asked
// for then: the answer would be a success with what it was.
func (t *talk) dead(rid string) bool {
	c := t.frames.copies[rid]
	return c != nil && c.dead && t.frames.referred(rid)
}

// swap gives a request that was not sent the place of one just like it that was: the
// client sends one for both.
func (t *talk) swap(a *asked) bool {
	for _, b := range t.asked {
		if b.sent != nil && !b.answered && b.Type == a.Type && b.RID == a.RID {
			a.sent, b.sent = b.sent, nil
			return true
		}
	}
	return false
}

func (a *asked) isDone() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// unsent checks what the program was told without a request, and lists a subscription.
func (t *talk) unsent(a *asked, r *wire.Response) {
	said, _ := errors.AsType[*res.Error](a.err)
	switch {
	case a.refused:
		if r.Error == nil {
			fail("what the client refuses to send was a success: %v", r)
		}
	case a.Type == wire.TypeVersion, a.Type == wire.TypeUnsubscribe:
		// To test the connection; or for what the client has given back by itself, or holds on to.
	case a.Type != wire.TypeSubscribe && a.Type != wire.TypeGet:
		fail("%v %q was not sent", a.Type, a.RID)
	case t.dead(a.RID):
		if a.done != nil && !errors.Is(a.err, res.ErrDeleted) {
			fail("%v %q of what is dead ends with %v", a.Type, a.RID, a.err)
		}
	case a.err != nil:
		if r.Error == nil || said == nil || said.Code != r.Error.Code {
			fail("%v %q was not sent, and has %v; recorded is %v", a.Type, a.RID, a.err, r.Error)
		}
	case a.Type == wire.TypeGet:
		if !contentOf(a.resource).equal(t.frames.copies[a.RID]) {
			fail("get %q gives %v, want %v", a.RID, a.resource, t.frames.copies[a.RID])
		}
	case r.Error != nil:
		a.feed.Close() // what is held is given at once; the recorded request was told that it was taken away
	default:
		t.feeds[a.RID] = append(t.feeds[a.RID], a.feed)
	}
}

// result checks what the program was told.
func (t *talk) result(a *asked, r *wire.Response) {
	if a.done == nil || t.doubts {
		return
	}
	synctest.Wait()
	if !a.isDone() {
		fail("%v %q has its answer, and the program has none", a.Type, a.RID)
	}
	want := r.Error
	answer := decode[set](r.Result)
	if missing, ok := answer.Errors[answer.RID]; ok && want == nil && a.feed != nil {
		want = &missing
	}
	if said, _ := errors.AsType[*res.Error](a.err); want != nil && (said == nil || said.Code != want.Code || said.Message != want.Message) || want == nil && a.err != nil {
		fail("%v %q ends with %v, recorded is %v", a.Type, a.RID, a.err, want)
	}
	switch {
	case a.err != nil:
	case a.feed != nil:
		a.feed.rid = a.feed.RID()
		t.feeds[a.feed.rid] = append(t.feeds[a.feed.rid], a.feed)
	case a.Type == wire.TypeGet:
		if c := t.frames.copies[a.RID]; c == nil || !contentOf(a.resource).equal(c) {
			fail("get %q gives %v, want %v", a.RID, a.resource, c)
		}
	default:
		t.payload(a, r)
	}
}

func (t *talk) payload(a *asked, r *wire.Response) {
	want := r.Result
	if t.client.Stats().Protocol != wire.LegacyProtocol {
		want = decode[struct{ Payload json.RawMessage }](r.Result).Payload
	}
	if !reflect.DeepEqual(decode[any](want), decode[any](a.payload)) {
		fail("%v %q %q gives %s, recorded is %s", a.Type, a.RID, a.Method, a.payload, want)
	}
}
