package conformance_test

import (
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// A deleted resource says so once and is stale. It comes back when it is created
// anew. While something refers to it the gateway has only dead content, so it is
// not asked for on that connection.
func deleted(w *world) {
	w.model("alone", map[string]any{"n": 1})
	w.model("child", map[string]any{"n": 1})
	w.model("parent", map[string]any{"child": res.Ref("child")})
	c := w.connect(conn.WithProbeInterval(0))
	alone, parent, child := c.subscribe("alone"), c.subscribe("parent"), c.subscribe("child")
	alone.expect(`alone sync (first) {"n":1}`)
	parent.expect(`parent sync (first) {"child":{"rid":"child"}}`)
	child.expect(`child sync (first) {"n":1}`)

	w.must(w.service.Delete("alone"))
	w.must(w.service.Delete("child"))
	alone.expect(`alone delete`, `alone stale: system.deleted`, `alone unsubscribe: system.deleted`)
	child.expect(`child delete`, `child stale: system.deleted`, `child unsubscribe: system.deleted`)
	w.model("alone", map[string]any{"n": 2})
	w.model("child", map[string]any{"n": 2})
	alone.expect(`alone change n=2 (was 1) (resync)`, `alone sync (reconnect) {"n":2}`)
	if w.fake() {
		time.Sleep(24 * time.Hour) // however long it takes
	}
	if n := c.sent(wire.TypeSubscribe, "child") + c.sent(wire.TypeGet, "child"); n != 1 {
		w.t.Errorf("the dead child was asked for %d times, want only before it died", n)
	}
	if n := c.sent(wire.TypeSubscribe, "alone"); n > 3 {
		w.t.Errorf("%d subscribe requests for what was deleted and created", n)
	}
	alone.expectNoMore()
	parent.expectNoMore()

	w.change("parent", map[string]any{"child": nil}) // now the gateway forgets the dead one
	child.expect(`child change n=2 (was 1) (resync)`, `child sync (reconnect) {"n":2}`)
	w.change("child", map[string]any{"n": 3})
	child.expect(`child change n=3 (was 2)`)
	c.awaitSync()
}

// The other way back for a dead resource is the next connection.
func deletedAndReconnected(w *world) {
	w.model("child", map[string]any{"n": 1})
	w.model("parent", map[string]any{"child": res.Ref("child")})
	c := w.connect()
	c.subscribe("parent")
	child := c.subscribe("child")
	child.expect(`child sync (first) {"n":1}`)
	w.must(w.service.Delete("child"))
	child.expect(`child delete`, `child stale: system.deleted`, `child unsubscribe: system.deleted`)
	w.model("child", map[string]any{"n": 2})
	c.outage(func() {})
	c.awaitSync()
	child.expect(`child change n=2 (was 1) (resync)`, `child sync (reconnect) {"n":2}`)
}

// A reference in error becomes a model when the gateway sends it, and the reverse.
func errorReferenceHeals(w *world) {
	w.model("parent", map[string]any{"late": res.Ref("late"), "gone": res.Ref("gone")})
	w.model("gone", map[string]any{"n": 1})
	c := w.connect()
	parent := c.subscribe("parent")
	parent.expect(`parent sync (first) {"gone":{"rid":"gone"},"late":{"rid":"late"}}`)
	expectRead := func(want string) {
		w.t.Helper()
		v, err := c.View(w.within(), "parent")
		w.must(err)
		if got, err := v.JSON("parent"); err != nil || string(got) != want {
			w.t.Errorf("the parent reads %s, %v, want %s", got, err, want)
		}
	}
	const notFound = `{"error":{"code":"system.notFound","message":"Not found"}}`
	expectRead(`{"gone":{"n":1},"late":` + notFound + `}`)

	c.outage(func() {
		w.model("late", map[string]any{"n": 1})
		w.service.DeleteSilently("gone")
	})
	c.awaitSync()
	parent.expect(`parent stale`, `parent sync (reconnect) {"gone":{"rid":"gone"},"late":{"rid":"late"}}`)
	expectRead(`{"gone":` + notFound + `,"late":{"n":1}}`)
	w.change("late", map[string]any{"n": 2})
	w.until("the healed model follows", func() bool { return c.get("late").Value("n").Raw() == "2" })

	// On the same connection: taken away and put back, the gateway sends it anew.
	w.change("parent", map[string]any{"gone": nil})
	w.model("gone", map[string]any{"n": 7})
	w.change("parent", map[string]any{"gone": res.Ref("gone")})
	synctest.Wait()
	expectRead(`{"gone":{"n":7},"late":{"n":2}}`)
}

// A handle hears when its resource comes into error and out of it.
func errorReferenceReported(w *world) {
	w.model("parent", map[string]any{"child": res.Ref("child")})
	w.model("child", map[string]any{"n": 1})
	c := w.connect()
	c.subscribe("parent")
	child := c.subscribe("child")
	child.expect(`child sync (first) {"n":1}`)
	c.outage(func() { w.service.DeleteSilently("child") })
	child.expect(`child stale`, `child sync (kind changed) {"code":"system.notFound","message":"Not found"}`)
	w.model("child", map[string]any{"n": 2})
	c.outage(func() {})
	c.awaitSync()
	child.expect(`child stale`, `child sync (kind changed) {"n":2}`)
	w.change("child", map[string]any{"n": 3})
	child.expect(`child change n=3 (was 2)`)
	child.expectNoMore()
}

// A reference in error heals by itself on a connection that lasts and a parent that
// never changes.
func errorReferenceProbed(w *world) {
	w.model("parent", map[string]any{"child": res.Ref("child"), "other": res.Ref("other")})
	c := w.connect(conn.WithProbeInterval(time.Second))
	c.subscribe("parent")
	child := func() string {
		v, err := c.View(w.within(), "child")
		w.must(err)
		return v.Resource("child").String()
	}
	const missing = `{"code":"system.notFound","message":"Not found"}`
	w.until("both were looked for", func() bool { return c.Stats().Probes >= 2 })
	if got, s := child(), c.Stats(); got != missing || s.Resyncs != 0 || s.Stuck != 2 {
		w.t.Errorf("the child reads %s, and the figures are %+v", got, s)
	}
	w.model("child", map[string]any{"n": 1})
	w.until("the reference has healed", func() bool { return child() == `{"n":1}` })
	c.awaitSync()
	w.change("child", map[string]any{"n": 2})
	w.until("it follows its events", func() bool { return child() == `{"n":2}` })
	if s := c.Stats(); s.Resyncs != 1 || s.Stuck != 1 {
		w.t.Errorf("the figures are %+v", s)
	}
	c.expectDirect("parent:1")
}

// So does what was deleted while something refers to it, and created again.
func deletedReferenceProbed(w *world) {
	w.model("parent", map[string]any{"child": res.Ref("child")})
	w.model("child", map[string]any{"n": 1})
	c := w.connect(conn.WithProbeInterval(time.Second))
	c.subscribe("parent")
	child := c.subscribe("child")
	child.expect(`child sync (first) {"n":1}`)
	w.must(w.service.Delete("child"))
	child.expect(`child delete`, `child stale: system.deleted`, `child unsubscribe: system.deleted`)
	w.model("child", map[string]any{"n": 2})
	child.expect(`child change n=2 (was 1) (resync)`, `child sync (reconnect) {"n":2}`)
	w.change("child", map[string]any{"n": 3})
	child.expect(`child change n=3 (was 2)`)
}
