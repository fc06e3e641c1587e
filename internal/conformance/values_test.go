package conformance_test

import (
	"fmt"
	"slices"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// Values of every kind arrive as the service has them: in snapshots, in events, and
// when they are deleted.
func values(w *world) {
	for _, test := range []struct {
		name  string
		value any
		raw   string
		kind  res.ValueKind
	}{
		{"string", "a\t\"ä\"", `"a\t\"ä\""`, res.String},
		{"empty", "", `""`, res.String},
		{"number", 1.5, `1.5`, res.Number},
		{"large", uint64(18446744073709551615), `18446744073709551615`, res.Number},
		{"bool", true, `true`, res.Bool},
		{"null", nil, `null`, res.Null},
		{"reference", res.Ref("child"), `{"rid":"child"}`, res.Reference},
		{"soft", res.SoftRef("other.model?q=a.b"), `{"rid":"other.model?q=a.b","soft":true}`, res.SoftReference},
		{"object", res.DataValue[map[string]any]{Data: map[string]any{"a": []int{1, 2}}}, `{"data":{"a":[1,2]}}`, res.Data},
		{"array", res.DataValue[[]any]{Data: []any{nil, map[string]any{}}}, `{"data":[null,{}]}`, res.Data},
		{"wrapped", res.DataValue[int]{Data: 5}, `5`, res.Number},
	} {
		rid := "values." + test.name
		w.model("child", map[string]any{"n": 1})
		w.model(rid, map[string]any{"v": test.value})
		w.collection(rid+".list", test.value)
		c := w.connect()
		f, list := c.subscribe(rid), c.subscribe(rid+".list")
		f.expect(fmt.Sprintf(`%s sync (first) {"v":%s}`, rid, test.raw))
		list.expect(fmt.Sprintf(`%s.list sync (first) [%s]`, rid, test.raw))
		if v := f.all()[0].(*subs.Sync).Resource.Value("v"); v.Kind() != test.kind {
			w.t.Errorf("%s: is a %v, want a %v", test.name, v.Kind(), test.kind)
		}
		w.change(rid, map[string]any{"new": test.value})
		f.expect(fmt.Sprintf(`%s change new=%s (new)`, rid, test.raw))
		w.change(rid, map[string]any{"v": res.DeleteAction})
		f.expect(fmt.Sprintf(`%s change v deleted (was %s)`, rid, test.raw))
		w.must(w.service.Add(rid+".list", 0, test.value))
		w.must(w.service.Remove(rid+".list", 1))
		list.expect(fmt.Sprintf(`%s.list add [0] %s`, rid, test.raw), fmt.Sprintf(`%s.list remove [1] %s`, rid, test.raw))
		f.Close()
		list.Close()
		c.expectDirect()
		c.Close()
		w.clients = nil
	}
}

// A change says what has really changed, with both values. What changes nothing is
// not told.
func changeOldAndNew(w *world) {
	w.model("a.b", map[string]any{"x": 1, "y": "a", "z": nil})
	p := w.newProxy(nil)
	c := w.connectAt(p.URL())
	f := c.subscribe("a.b")
	f.expect(`a.b sync (first) {"x":1,"y":"a","z":null}`)
	w.change("a.b", map[string]any{"x": 1, "y": "b", "z": nil, "absent": res.DeleteAction})
	f.expect(`a.b change y="b" (was "a")`)
	w.change("a.b", map[string]any{"x": 1, "y": "b"})
	f.expectNoMore()
	// The gateway takes out such changes. Should it not, the client does.
	p.send(`{"event":"a.b.change","data":{"values":{"x":1,"y":"b","absent":{"action":"delete"}}}}`)
	p.send(`{"event":"a.b.change","data":{"values":{"x":2,"y":"b"}}}`)
	f.expect(`a.b change x=2 (was 1)`)
}

// Adds and removes at the head, in the middle and at the tail lead to what the
// service has.
func addRemoveIndex(w *world) {
	w.collection("list", "a", "b", "c")
	c := w.connect()
	f := c.subscribe("list")
	f.expect(`list sync (first) ["a","b","c"]`)
	for _, step := range []func() error{
		func() error { return w.service.Add("list", 0, "head") },
		func() error { return w.service.Add("list", 2, "middle") },
		func() error { return w.service.Add("list", 5, "tail") },
		func() error { return w.service.Remove("list", 0) },
		func() error { return w.service.Remove("list", 2) },
		func() error { return w.service.Remove("list", 3) },
	} {
		w.must(step())
	}
	f.expect(`list add [0] "head"`, `list add [2] "middle"`, `list add [5] "tail"`,
		`list remove [0] "head"`, `list remove [2] "b"`, `list remove [3] "tail"`)
	f.expectList()
}

// expectList waits until the replica is what the service has.
func (f *feed) expectList() {
	f.w.t.Helper()
	f.w.until(fmt.Sprintf("%q is what the service has", f.rid), func() bool {
		values, ok := f.w.service.Collection(f.rid)
		f.mu.Lock()
		defer f.mu.Unlock()
		return ok && slices.EqualFunc(values, f.replica.list, res.Value.Equal)
	})
}

// What makes no sense is counted and logged, and the resource that it is about is
// got anew. Nothing else is lost.
func badFrames(w *world) {
	w.unchecked = true
	for _, test := range []struct {
		name, frame string
		resync      bool
	}{
		{"remove beyond the end", `{"event":"list.remove","data":{"idx":7}}`, true},
		{"add beyond the end", `{"event":"list.add","data":{"idx":9,"value":1}}`, true},
		{"negative index", `{"event":"list.remove","data":{"idx":-1}}`, true},
		{"remove without index", `{"event":"list.remove","data":{"idx":"x"}}`, true},
		{"add without value", `{"event":"list.add","data":{"idx":0}}`, true},
		{"change of a collection", `{"event":"list.change","data":{"values":{"a":1}}}`, true},
		{"add to a model", `{"event":"other.add","data":{"idx":0,"value":1}}`, true},
		{"change with a bad value", `{"event":"other.change","data":{"values":{"n":{"x":1}}}}`, true},
		{"unknown resource", `{"event":"who.change","data":{"values":{"a":1}}}`, false},
		{"unknown id", `{"result":{},"id":99999}`, false},
		{"not JSON", `{"event":"list.re`, true},
		{"empty", ``, true},
		{"an array", `[]`, false},
		{"neither", `{}`, false},
		{"event without a name", `{"event":"list"}`, false},
	} {
		w.collection("list", "a")
		w.model("other", map[string]any{"n": 1})
		synctest.Wait() // the gateway has them still, and has heard of it
		logged := new(logCounter)
		p := w.newProxy(nil)
		c := w.connectAt(p.URL(), logged.option())
		list, other := c.subscribe("list"), c.subscribe("other")
		list.expect(`list sync (first) ["a"]`)
		other.expect(`other sync (first) {"n":1}`)
		before := logged.count()
		p.send(test.frame)
		synctest.Wait()
		time.Sleep(time.Minute) // as long as a resync takes
		c.awaitSync()
		s := c.Stats()
		if resynced := s.Resyncs == 1 && s.Generation > 1; resynced != test.resync || s.Resyncs > 1 {
			w.t.Errorf("%s: %d resyncs, want one: %v", test.name, s.Resyncs, test.resync)
		}
		if s.BadFrames+s.Inconsistencies+s.UnknownEvents == 0 && test.name != "unknown id" {
			w.t.Errorf("%s: not counted: %+v", test.name, s)
		}
		if logged.count() == before {
			w.t.Errorf("%s: not logged", test.name)
		}
		if test.resync {
			list.expect(`list stale`, `list sync (reconnect) ["a"]`)
			other.expect(`other stale`, `other sync (reconnect) {"n":1}`)
		}
		w.must(w.service.Add("list", 0, "b"))
		list.expect(`list add [0] "b"`)
		w.change("other", map[string]any{"n": 2})
		other.expect(`other change n=2 (was 1)`)
		c.Close()
		p.Close()
	}
}

// Custom events carry any payload, and their name is what follows the last dot: a
// query may have dots.
func customEvent(w *world) {
	const query = "search?q=a.b.c&x=1.change"
	w.service.NormalizeQuery("search", func(q string) string { return q })
	w.model(query, map[string]any{"n": 1})
	w.collection("list", "a")
	c := w.connect()
	list, search := c.subscribe("list"), c.subscribe(query)
	list.expect(`list sync (first) ["a"]`)
	search.expect(query + ` sync (first) {"n":1}`)
	for _, payload := range []string{`null`, `0`, `false`, `""`, `[]`, `{"a":{"b":[1]}}`} {
		w.must(w.service.Publish("event.list.shuffled", []byte(payload)))
		list.expect(`list shuffled ` + payload)
	}
	w.must(w.service.Publish("event.list.emptied", nil))
	list.expect(`list emptied null`)
	w.change(query, map[string]any{"n": 2})
	search.expect(query + ` change n=2 (was 1)`)
	list.expectNoMore()
	if n := c.sent(wire.TypeSubscribe, query); n != 1 {
		w.t.Errorf("%d subscribe requests for the query, want 1", n)
	}
}
