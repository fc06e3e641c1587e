package subs_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

func TestModelIsReadByProperty(t *testing.T) {
	m := resource(t, `{"models":{"m":{"b":"x","a":1,"c":{"rid":"r"}}}}`)
	if m.RID() != "m" || m.Kind() != wire.KindModel || m.Err() != nil || m.Len() != 3 {
		t.Errorf("%q is a %v of %d with error %v", m.RID(), m.Kind(), m.Len(), m.Err())
	}
	if got := m.Value("b").String(); got != "x" {
		t.Errorf("b is %q, want x", got)
	}
	if !m.Value("z").IsAbsent() {
		t.Error("there is a property that is not there")
	}
	var names []string
	for name, v := range m.Properties() {
		if v.IsAbsent() {
			t.Errorf("%q is absent", name)
		}
		names = append(names, name)
	}
	expect(t, "sorted", names, "a", "b", "c")
	for name := range m.Properties() {
		if name != "a" {
			t.Errorf("after a break came %q", name)
		}
		break
	}
}

func TestCollectionIsReadByIndex(t *testing.T) {
	c := resource(t, `{"collections":{"c":["x",2,{"rid":"r"}]}}`)
	if c.Kind() != wire.KindCollection || c.Len() != 3 || c.At(1).Raw() != "2" {
		t.Errorf("a %v of %d with %v at 1", c.Kind(), c.Len(), c.At(1))
	}
	var items []string
	for i, v := range c.Items() {
		if i != len(items) {
			t.Errorf("index %d at place %d", i, len(items))
		}
		items = append(items, v.String())
	}
	expect(t, "in order", items, "x", "2", "r")
	if !c.Value("x").IsAbsent() {
		t.Error("a collection has a property")
	}
}

func TestResourceInErrorSaysWhy(t *testing.T) {
	e := resource(t, `{"errors":{"e":{"code":"system.notFound","message":"Not found"}}}`)
	if e.Kind() != wire.KindError || e.Len() != 0 || !errors.Is(e.Err(), res.ErrNotFound) {
		t.Errorf("a %v of %d with error %v", e.Kind(), e.Len(), e.Err())
	}
	var into map[string]any
	if err := e.Decode(&into); !errors.Is(err, res.ErrNotFound) {
		t.Errorf("decode: %v, want the error of the resource", err)
	}
}

func TestResourceAsJSONKeepsItsReferences(t *testing.T) {
	for content, want := range map[string]string{
		`{"models":{"m":{"b":{"rid":"r"},"a":{"data":[1]}}}}`:         `{"a":{"data":[1]},"b":{"rid":"r"}}`,
		`{"models":{"m":{"<":"\u003c","s":{"rid":"r","soft":true}}}}`: `{"\u003c":"\u003c","s":{"rid":"r","soft":true}}`,
		`{"models":{"m":{}}}`:                                        `{}`,
		`{"collections":{"c":[]}}`:                                   `[]`,
		`{"collections":{"c":[1.50,null,"x"]}}`:                      `[1.50,null,"x"]`,
		`{"errors":{"e":{"code":"c","message":"m","data":{"x":1}}}}`: `{"code":"c","message":"m","data":{"x":1}}`,
	} {
		r := resource(t, content)
		text, err := json.Marshal(r)
		if err != nil || string(text) != want || r.String() != want {
			t.Errorf("%s is %s and %s, error %v, want %s", content, text, r, err, want)
		}
	}
	broken := subs.NewResource(wire.Resource{Kind: wire.KindError, Error: &res.Error{Data: json.RawMessage("{")}})
	if _, err := json.Marshal(broken); err == nil || broken.String()[0] != '!' {
		t.Errorf("what is no JSON became %s, error %v", broken, err)
	}
}

func TestResourceDecodesIntoGoValues(t *testing.T) {
	var model struct {
		Name string
		Tags []string
		Next res.Ref
		Soft res.SoftRef
		Link string
	}
	m := resource(t, `{"models":{"m":{"Name":"n","Tags":{"data":["a","b"]},"Next":{"rid":"r.1"},"Soft":{"rid":"r.2","soft":true},"Link":{"rid":"r.3"}}}}`)
	if err := m.Decode(&model); err != nil {
		t.Fatal(err)
	}
	if model.Name != "n" || !slices.Equal(model.Tags, []string{"a", "b"}) || model.Next != "r.1" || model.Soft != "r.2" || model.Link != "r.3" {
		t.Errorf("decoded %+v", model)
	}
	var list []int
	c := resource(t, `{"collections":{"c":[1,2,3]}}`)
	if err := c.Decode(&list); err != nil || !slices.Equal(list, []int{1, 2, 3}) {
		t.Errorf("decoded %v, error %v", list, err)
	}
	if err := c.Decode(&model); err == nil {
		t.Error("a collection was decoded into a struct")
	}
}

func TestResourcesAreEqualByContent(t *testing.T) {
	all := []*subs.Resource{
		resource(t, `{"models":{"m":{"a":1}}}`),
		resource(t, `{"models":{"m":{"a":2}}}`),
		resource(t, `{"models":{"m":{"b":1}}}`),
		resource(t, `{"models":{"m":{}}}`),
		resource(t, `{"collections":{"m":[]}}`),
		resource(t, `{"collections":{"m":[1]}}`),
		resource(t, `{"errors":{"m":{"code":"a"}}}`),
		resource(t, `{"errors":{"m":{"code":"b"}}}`),
		resource(t, `{"errors":{"m":{"code":"a","message":"m"}}}`),
		resource(t, `{"errors":{"m":{"code":"a","data":1}}}`),
		{},
	}
	for i, a := range all {
		for j, b := range all {
			if a.Equal(b) != (i == j) {
				t.Errorf("%v and %v are equal: %t", a, b, a.Equal(b))
			}
		}
	}
	if !resource(t, `{"models":{"m":{"a":"x"}}}`).Equal(resource(t, `{"models":{"other":{"a":"\u0078"}}}`)) {
		t.Error("another id or spelling makes a difference")
	}
}

func TestEventsNameTheirResource(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{"x":1}}}`)
	r.apply("a", "change", `{"values":{"x":2}}`)
	r.apply("a", "ping", `1`)
	r.apply("a", "unsubscribe", `{"reason":{"code":"c"}}`)
	r.subscribe("a", `{"collections":{"a":[1]}}`)
	r.apply("a", "add", `{"idx":0,"value":1}`)
	r.apply("a", "remove", `{"idx":0}`)
	r.apply("a", "delete", `null`)
	q := subs.NewQueue(subs.Limits{Events: 1})
	n := 0
	for _, d := range r.reg.TakeDeliveries() {
		n++
		if d.Event.RID() != "a" || d.Event.String()[:2] != "a " {
			t.Errorf("%q is about %q", d.Event, d.Event.RID())
		}
		q.Push(d.Event)
	}
	if n != 10 {
		t.Errorf("%d events, want 10", n)
	}
	r.reg.Resume(r.reg.Handles("a")[0])
	q.Push(r.reg.TakeDeliveries()[0].Event)
	if lag, ok := q.Pop(); !ok || lag.RID() != "a" {
		t.Errorf("%v is about %q", lag, lag.RID())
	}
}

func TestSyncReasonsHaveNames(t *testing.T) {
	for reason, want := range map[subs.SyncReason]string{
		subs.SyncFirst: "first", subs.SyncReconnect: "reconnect", subs.SyncLag: "lag",
		subs.SyncKindChanged: "kind changed", 9: "SyncReason(9)",
	} {
		if got := reason.String(); got != want {
			t.Errorf("reason %d is %q, want %q", reason, got, want)
		}
	}
}
