package conformance_test

import (
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

// NATS goes, so the gateway ends. They come back, and the services last: what is
// asked for in between is not found. All of it mends by itself.
func natsRestart(w *world) {
	w.model("a.b", map[string]any{"n": 1})
	w.model("child", map[string]any{"n": 1})
	w.collection("list", "a", res.Ref("child"))
	c := w.connect()
	model, list := c.subscribe("a.b"), c.subscribe("list")
	model.expect(`a.b sync (first) {"n":1}`)
	list.expect(`list sync (first) ["a",{"rid":"child"}]`)

	w.off()
	w.bus.Shutdown()
	receive(w, "the end of the gateway", w.gateway.Done())
	c.await(state.Dialing)
	w.must(w.service.SetModelSilently("a.b", map[string]any{"n": 2}))
	w.must(w.service.SetCollectionSilently("list", []any{res.Ref("child"), "b"}))
	w.must(w.bus.Restart())
	w.must(w.gateway.Restart())
	c.await(state.Connected)
	model.expect(`a.b stale`)
	list.expect(`list stale`)
	w.until("the services are missed", func() bool {
		tries := c.tape.requests(wire.TypeSubscribe, "a.b")
		return len(tries) > 1 && c.tape.answered(tries[1])
	})
	if c.Stats().Stale != 2 {
		w.t.Error("in sync without services")
	}
	w.serve()
	c.awaitSync()
	model.expect(`a.b change n=2 (was 1) (resync)`, `a.b sync (reconnect) {"n":2}`)
	list.expect(`list remove [0] "a" (resync)`, `list add [1] "b" (resync)`, `list sync (reconnect) [{"rid":"child"},"b"]`)
	w.change("a.b", map[string]any{"n": 3})
	w.change("child", map[string]any{"n": 2})
	model.expect(`a.b change n=3 (was 2)`)
	w.until("the child follows", func() bool { return c.get("child").Value("n").Raw() == "2" })
}
