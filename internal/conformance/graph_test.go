package conformance_test

import (
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest/faultproxy"
	"github.com/resclient/resclient-go/wire"
)

// graph is one of references between models, whose names are single letters.
type graph struct {
	name   string
	edges  string   // such as "ab bc" for a chain
	open   string   // the models that get a handle
	closes string   // the handles in the order in which they are closed
	left   []string // the models in the cache: at first, and after each close
}

func graphs() []graph {
	return []graph{
		{"single", "", "a", "a", []string{"a", ""}},
		{"chain", "ab bc", "a", "a", []string{"abc", ""}},
		{"diamond", "ab ac bd cd", "a", "a", []string{"abcd", ""}},
		{"kept by another root", "ac bc", "ab", "ab", []string{"abc", "bc", ""}},
		{"kept subtree", "ab bc cd", "ac", "ac", []string{"abcd", "cd", ""}},
		{"self cycle", "aa", "a", "a", []string{"a", ""}},
		{"cycle of two", "ab ba", "a", "a", []string{"ab", ""}},
		{"cycle entered from outside", "ab bc cb", "a", "a", []string{"abc", ""}},
		{"cycle with one outside reference", "ab bc cb db", "ad", "ad", []string{"abcd", "bcd", ""}},
		{"cycle with a way out", "ab ba bc", "a", "a", []string{"abc", ""}},
		{"listened member of a cycle", "ab bc ca", "ab", "ab", []string{"abc", "abc", ""}},
		{"cycle left by its entry", "ab bc cb", "ab", "ab", []string{"abc", "bc", ""}},
		{"two cycles joined", "ab ba bc cd dc", "ac", "ac", []string{"abcd", "cd", ""}},
		{"subset, then superset", "ab ac bc", "abc", "cab", []string{"abc", "abc", "bc", ""}},
		{"superset, then subset", "ab ac bc", "abc", "abc", []string{"abc", "bc", "c", ""}},
		{"two references to one", "ab ab", "a", "a", []string{"ab", ""}},
	}
}

// What no subscription reaches any more is let go, and nothing else.
func garbageTable(w *world) {
	for _, g := range graphs() {
		prefix := strings.ReplaceAll(g.name, " ", "-")
		prefix = strings.ReplaceAll(prefix, ",", "") + "."
		rids, c := g.build(w, prefix), w.connect()
		feeds := map[string]*feed{}
		for _, name := range strings.Split(g.open, "") {
			feeds[name] = c.subscribe(prefix + name)
		}
		g.check(c, prefix, rids, g.left[0])
		for i, name := range strings.Split(g.closes, "") {
			feeds[name].Close()
			g.check(c, prefix, rids, g.left[i+1])
		}
		c.Close()
	}
}

// build makes the graph's models, and returns their ids.
func (g graph) build(w *world, prefix string) []string {
	models := map[string]map[string]any{}
	for _, name := range strings.Split(g.open, "") {
		models[prefix+name] = map[string]any{}
	}
	for i, edge := range strings.Fields(g.edges) {
		for _, end := range edge {
			if models[prefix+string(end)] == nil {
				models[prefix+string(end)] = map[string]any{}
			}
		}
		models[prefix+edge[:1]][fmt.Sprintf("ref%d", i)] = res.Ref(prefix + edge[1:])
	}
	for rid, properties := range models {
		w.model(rid, properties)
	}
	return slices.Sorted(maps.Keys(models))
}

// check compares what is cached, all of it live, and that nothing else is known.
func (g graph) check(c *client, prefix string, rids []string, want string) {
	c.w.t.Helper()
	c.settle()
	v, err := c.View(c.w.within(), rids...)
	c.w.must(err)
	got := ""
	for _, rid := range v.RIDs() {
		got += strings.TrimPrefix(rid, prefix)
	}
	if n := c.Stats().Resources; got != want || n != len(want) || len(v.Stale()) > 0 {
		c.w.t.Errorf("%s: %q is cached, %d resources are known and %q are stale, want %q", g.name, got, n, v.Stale(), want)
	}
}

// What is stale is collected like what is live, and what only a stale copy refers to
// stays as long as it.
func garbageWhileStale(w *world) {
	for _, rid := range []string{"a", "b", "c"} {
		w.model(rid, map[string]any{})
	}
	w.model("a", map[string]any{"ref": res.Ref("b")})
	w.model("b", map[string]any{"ref": res.Ref("c")})
	w.model("c", map[string]any{"ref": res.Ref("b")})
	c := w.connect()
	a, b := c.subscribe("a"), c.subscribe("b")
	c.outage(func() {
		a.Close()
		c.settle()
		if got := c.cached("a", "b", "c"); got != "b c" {
			w.t.Errorf("%q is cached while stale, want b and c", got)
		}
	})
	c.awaitSync()
	if got := c.cached("a", "b", "c"); got != "b c" {
		w.t.Errorf("%q is cached on the new connection, want b and c", got)
	}
	b.Close()
	c.settle()
	if n := c.Stats().Resources; n > 0 {
		w.t.Errorf("%d resources are left", n)
	}
}

func garbage(w *world) {
	garbageTable(w)
	w.clients = nil
	garbageWhileStale(w)
}

// A chain of a hundred thousand models is let go without a deep recursion.
func deepChain(w *world) {
	const length = 100_000
	defer debug.SetMaxStack(debug.SetMaxStack(1 << 20)) // a deeper recursion ends the test program
	w.unchecked = true                                  // the proxy makes up the chain
	w.model("m.0", map[string]any{})
	p := w.newProxy(func(p *parcel) {
		if p.is(faultproxy.FromGateway, wire.TypeSubscribe, "m.0") {
			p.replace(`{"m.0":{}}`, chain(length))
		}
	})
	c := w.connectAt(p.URL())
	f := c.subscribe("m.0")
	if n := c.Stats().Resources; n != length {
		w.t.Errorf("%d resources are cached, want %d", n, length)
	}
	f.Close()
	c.settle()
	if n := c.Stats().Resources; n != 0 {
		w.t.Errorf("%d resources are left", n)
	}
}

// chain is a set of models each of which refers to the next, and the last to none.
func chain(length int) string {
	var b strings.Builder
	for i := range length - 1 {
		fmt.Fprintf(&b, `%s"m.%d":{"next":{"rid":"m.%d"}}`, separator(i, "{"), i, i+1)
	}
	fmt.Fprintf(&b, `,"m.%d":{}}`, length-1)
	return b.String()
}

func separator(i int, first string) string {
	if i == 0 {
		return first
	}
	return ","
}

// References count whatever the property that they stand in is called.
func anyKeyName(w *world) {
	names := []string{"_x", "_rid", "call", "on", "set", "rid", "toJSON", "", "a.b", "data", "ä"}
	parent := map[string]any{}
	var rids []string
	for i, name := range names {
		rid := fmt.Sprintf("child.%d", i)
		w.model(rid, map[string]any{"n": i})
		parent[name] = res.Ref(rid)
		rids = append(rids, rid)
	}
	w.model("parent", parent)
	c := w.connect()
	f := c.subscribe("parent")
	slices.Sort(rids)
	if got := c.cached(rids...); got != strings.Join(rids, " ") {
		w.t.Errorf("%q is cached, want all children", got)
	}
	for i, name := range names {
		w.change("parent", map[string]any{name: nil})
		w.until(fmt.Sprintf("the child under %q is gone", name), func() bool { return c.cached(fmt.Sprintf("child.%d", i)) == "" })
	}
	if got := c.cached(rids...); got != "" {
		w.t.Errorf("%q is still cached", got)
	}
	f.Close()
	c.expectDirect()
}

// A reference to something that never came is reported, and mended by getting all
// anew.
func missingReference(w *world) {
	w.unchecked = true // the proxy leaves something out
	w.model("child", map[string]any{"n": 1})
	w.model("parent", map[string]any{"child": res.Ref("child")})
	p := w.newProxy(func(p *parcel) {
		if p.Conn.Number() == 1 {
			p.replace(`"child":{"n":1},`, "")
		}
	})
	c := w.connectAt(p.URL())
	f := c.subscribe("parent")
	f.expect(`parent sync (first) {"child":{"rid":"child"}}`)
	w.until("the child has come", func() bool { return c.cached("child") == "child" })
	c.awaitSync()
	if s := c.Stats(); s.Inconsistencies == 0 || s.Resyncs != 1 {
		w.t.Errorf("%d inconsistencies and %d resyncs were counted, want some and 1", s.Inconsistencies, s.Resyncs)
	}
	w.change("child", map[string]any{"n": 2})
	w.until("the child follows", func() bool { return c.get("child").Value("n").Raw() == "2" })
}
