package conformance_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
)

// difference is what a resource was and is, as JSON, and what is told of it.
type difference struct {
	name     string
	old, new string
	events   string // without the resource id, and separated by "; "
	cached   string // of the models x and y, on the new connection
}

func modelDifferences() []difference {
	const x, y, soft = `{"rid":"x"}`, `{"rid":"y"}`, `{"rid":"x","soft":true}`
	return []difference{
		{"no change", `{"a":1,"b":` + x + `,"c":{"data":[1]}}`, `{"a":1,"b":` + x + `,"c":{"data":[1]}}`, ``, "x"},
		{"changed", `{"a":1,"b":2}`, `{"a":1,"b":3}`, `change b=3 (was 2)`, ""},
		{"added", `{"a":1}`, `{"a":1,"b":null}`, `change b=null (new)`, ""},
		{"removed", `{"a":1,"b":2}`, `{"a":1}`, `change b deleted (was 2)`, ""},
		{"all at once", `{"a":1,"b":2}`, `{"b":3,"c":4}`, `change a deleted (was 1) b=3 (was 2) c=4 (new)`, ""},
		{"number to string", `{"a":1}`, `{"a":"1"}`, `change a="1" (was 1)`, ""},
		{"string to reference", `{"a":"x"}`, `{"a":` + x + `}`, `change a=` + x + ` (was "x")`, "x"},
		{"reference to soft", `{"a":` + x + `}`, `{"a":` + soft + `}`, `change a=` + soft + ` (was ` + x + `)`, ""},
		{"soft to data", `{"a":` + soft + `}`, `{"a":{"data":` + x + `}}`, `change a={"data":` + x + `} (was ` + soft + `)`, ""},
		{"reference decreased", `{"a":` + x + `,"b":` + x + `}`, `{"a":` + x + `}`, `change b deleted (was ` + x + `)`, "x"},
		{"reference removed", `{"a":` + x + `}`, `{"a":null}`, `change a=null (was ` + x + `)`, ""},
		{"reference moved", `{"a":` + x + `}`, `{"b":` + x + `}`, `change a deleted (was ` + x + `) b=` + x + ` (new)`, "x"},
		{"references swapped", `{"a":` + x + `,"b":` + y + `}`, `{"a":` + y + `,"b":` + x + `}`,
			`change a=` + y + ` (was ` + x + `) b=` + x + ` (was ` + y + `)`, "x y"},
		{"data reordered", `{"a":{"data":{"p":1,"q":2}}}`, `{"a":{"data":{"q":2,"p":1}}}`, ``, ""},
		{"data changed", `{"a":{"data":[1,2]}}`, `{"a":{"data":[2,1]}}`, `change a={"data":[2,1]} (was {"data":[1,2]})`, ""},
		{"emptied", `{"a":1}`, `{}`, `change a deleted (was 1)`, ""},
	}
}

func collectionDifferences() []difference {
	const x, y, soft = `{"rid":"x"}`, `{"rid":"y"}`, `{"rid":"x","soft":true}`
	return []difference{
		{"no change", `[1,` + x + `,{"data":[1]}]`, `[1,` + x + `,{"data":[1]}]`, ``, "x"},
		{"removed primitive", `[1,2,3]`, `[1,3]`, `remove [1] 2`, ""},
		{"removed soft", `[` + soft + `,1]`, `[1]`, `remove [0] ` + soft, ""},
		{"removed reference", `[` + x + `,` + y + `]`, `[` + y + `]`, `remove [0] ` + x, "y"},
		{"reference decreased", `[` + x + `,1,` + x + `]`, `[` + x + `,1]`, `remove [2] ` + x, "x"},
		{"added", `[1]`, `[1,` + x + `]`, `add [1] ` + x, "x"},
		{"increased", `[` + x + `]`, `[` + x + `,` + x + `]`, `add [1] ` + x, "x"},
		{"replaced", `[1,` + x + `,2]`, `[1,` + y + `,2]`, `remove [1] ` + x + `; add [1] ` + y, "y"},
		{"swapped references", `[` + x + `,` + y + `]`, `[` + y + `,` + x + `]`, `remove [1] ` + y + `; add [0] ` + y, "x y"},
		{"reversed", `[1,2,3]`, `[3,2,1]`, `remove [2] 3; remove [1] 2; add [0] 3; add [1] 2`, ""},
		{"moved far", `[1,2,3,4]`, `[2,3,4,1]`, `remove [0] 1; add [3] 1`, ""},
		{"duplicates", `[1,1,2,2]`, `[2,1,1,2]`, `remove [2] 2; add [0] 2`, ""},
		{"emptied", `[` + x + `,1]`, `[]`, `remove [1] 1; remove [0] ` + x, ""},
		{"filled", `[]`, `[1,` + x + `]`, `add [0] 1; add [1] ` + x, "x"},
	}
}

// What has become of a model during an outage is told as one change, exactly.
func resyncTableModel(w *world) { resyncTable(w, modelDifferences()) }

// What has become of a collection is told as removes and adds that lead to it.
func resyncTableCollection(w *world) { resyncTable(w, collectionDifferences()) }

// resyncTable gives each difference a resource and a client of its own, and kills
// the gateway once for all.
func resyncTable(w *world, rows []difference) {
	w.model("x", map[string]any{"name": "x"})
	w.model("y", map[string]any{"name": "y"})
	clients, feeds := make([]*client, len(rows)), make([]*feed, len(rows))
	for i, d := range rows {
		rid := fmt.Sprintf("row.%d", i)
		w.setSilently(rid, d.old)
		clients[i] = w.connect()
		feeds[i] = clients[i].subscribe(rid)
		feeds[i].expect(fmt.Sprintf("%s sync (first) %s", rid, d.old))
	}
	w.must(w.gateway.Kill())
	for i, d := range rows {
		clients[i].await(state.Dialing)
		w.setSilently(feeds[i].rid, d.new)
	}
	w.must(w.gateway.Restart())
	for i, d := range rows {
		clients[i].awaitSync()
		var got []string
		f := feeds[i]
		w.until(d.name+" is in sync", func() bool { // its replica checks that the events lead there
			_, synced := f.all()[len(f.all())-1].(*subs.Sync)
			return synced && len(f.all()) > 1
		})
		for _, ev := range f.all()[2 : len(f.all())-1] {
			got = append(got, strings.TrimPrefix(strings.TrimSuffix(describe(ev), " (resync)"), f.rid+" "))
		}
		if got := strings.Join(got, "; "); got != d.events {
			w.t.Errorf("%s: told %s\nwant %s", d.name, got, d.events)
		}
		if got := clients[i].cached("x", "y"); got != d.cached {
			w.t.Errorf("%s: %q is cached, want %q", d.name, got, d.cached)
		}
		if n, want := clients[i].Stats().Resources, 1+len(strings.Fields(d.cached)); n != want {
			w.t.Errorf("%s: %d resources are known, want %d", d.name, n, want)
		}
	}
}

// setSilently gives the service a resource, of the kind that the JSON is, without
// telling the gateway.
func (w *world) setSilently(rid, text string) {
	w.t.Helper()
	if text[0] == '{' {
		var values map[string]res.Value
		w.must(json.Unmarshal([]byte(text), &values))
		w.must(w.service.SetModelSilently(rid, anyMap(values)))
		return
	}
	var values []res.Value
	w.must(json.Unmarshal([]byte(text), &values))
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	w.must(w.service.SetCollectionSilently(rid, list))
}

func anyMap(values map[string]res.Value) map[string]any {
	m := make(map[string]any, len(values))
	for name, v := range values {
		m[name] = v
	}
	return m
}

// Fifty thousand items that are all different now are compared in bounded memory.
// (A table of all pairs would take gigabytes.)
func resyncLarge(w *world) {
	const items = 50_000
	list := func(prefix string) []any {
		values := make([]any, items)
		for i := range values {
			values[i] = fmt.Sprint(prefix, i)
		}
		return values
	}
	w.collection("list", list("old")...)
	c := w.connect()
	f := c.subscribeToRead("list")
	c.outage(func() { w.must(w.service.SetCollectionSilently("list", list("new"))) })
	c.awaitSync()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	removed, added := 0, 0
	for ev := range f.Events(w.within()) {
		switch ev := ev.(type) {
		case *subs.Remove:
			removed++
		case *subs.Add:
			added++
		case *subs.Sync:
			if ev.Reason == subs.SyncReconnect {
				runtime.ReadMemStats(&after)
			}
		}
		if after.TotalAlloc > 0 {
			break
		}
	}
	if removed != items || added != items {
		w.t.Errorf("%d items were removed and %d added, want all", removed, added)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 100<<20 {
		w.t.Errorf("comparing took %d MB", used>>20)
	}
}
