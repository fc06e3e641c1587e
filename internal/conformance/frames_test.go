package conformance_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// frames is what the frames of a connection say: a copy of every resource, and the
// direct subscriptions. It is as simple as can be: it forgets nothing, and walks all
// references to find out what is held. That makes it something to compare with.
type frames struct {
	copies map[string]*content
	direct map[string]int
	legacy bool // calls subscribe to nothing
}

// content is a resource as JSON makes it.
type content struct {
	model      map[string]any
	collection []any
	code       string // of an error
	dead       bool   // it was deleted
}

// set is the form of resource sets, and of what else holds them.
type set struct {
	RID         string
	Models      map[string]map[string]any
	Collections map[string][]any
	Errors      map[string]res.Error
	Values      map[string]any
	Value       any
	Idx         int
}

func newFrames() *frames { return &frames{copies: map[string]*content{}, direct: map[string]int{}} }

// parse reads JSON with numbers as they are spelled.
func parse[T any](text []byte) (x T, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err = d.Decode(&x)
	return x, err
}

// decode is parse for what may have another form, and is nothing then.
func decode[T any](text []byte) T {
	x, _ := parse[T](text)
	return x
}

// install takes in what a message holds. What is held is not replaced.
func (f *frames) install(s set) {
	held := f.held()
	put := func(rid string, c *content) {
		if old := f.copies[rid]; !held[rid] || old == nil || old.dead || old.code != "" {
			f.copies[rid] = c
		}
	}
	for rid, m := range s.Models {
		put(rid, &content{model: plainValues(m)})
	}
	for rid, l := range s.Collections {
		put(rid, &content{collection: plainList(l)})
	}
	for rid, err := range s.Errors {
		put(rid, &content{code: err.Code})
	}
}

// answered takes in the answer to a request.
func (f *frames) answered(q wire.Request, a *wire.Response) {
	if f.legacy && (q.Type == wire.TypeCall || q.Type == wire.TypeAuth) {
		return
	}
	f.install(decode[set](a.Result))
	count(f.direct, &q, a)
}

// happened takes in an event.
func (f *frames) happened(ev *wire.Event) {
	data := decode[set](ev.Data)
	f.install(data)
	c := f.copies[ev.RID]
	switch {
	case ev.Name == wire.EventUnsubscribe && strings.Contains(string(ev.Data), `"reason"`):
		delete(f.direct, ev.RID)
	case c == nil:
	case ev.Name == wire.EventDelete:
		c.dead = true
	default:
		c.apply(ev.Name, data)
	}
}

// apply applies a change, add or remove event, if it fits.
func (c *content) apply(name string, data set) {
	switch {
	case name == wire.EventChange && c.model != nil:
		for key, v := range data.Values {
			if c.model[key] = plainValue(v); isDelete(v) {
				delete(c.model, key)
			}
		}
	case name == wire.EventAdd && c.collection != nil && data.Idx >= 0 && data.Idx <= len(c.collection):
		c.collection = slices.Insert(c.collection, data.Idx, plainValue(data.Value))
	case name == wire.EventRemove && c.collection != nil && data.Idx >= 0 && data.Idx < len(c.collection):
		c.collection = slices.Delete(c.collection, data.Idx, data.Idx+1)
	}
}

func isDelete(v any) bool { return reflect.DeepEqual(v, map[string]any{"action": "delete"}) }

// held returns what direct subscriptions reach.
func (f *frames) held() map[string]bool {
	held := map[string]bool{}
	var todo []string
	for rid := range f.direct {
		todo = append(todo, rid)
	}
	for len(todo) > 0 {
		rid := todo[0]
		todo = todo[1:]
		if c := f.copies[rid]; !held[rid] && c != nil {
			held[rid] = true
			if !c.dead {
				todo = append(todo, c.references()...)
			}
		}
	}
	return held
}

// referred reports whether something held refers to rid.
func (f *frames) referred(rid string) bool {
	for holder := range f.held() {
		if slices.Contains(f.copies[holder].references(), rid) {
			return true
		}
	}
	return false
}

func (c *content) references() (rids []string) {
	values := slices.Clone(c.collection)
	for _, v := range c.model {
		values = append(values, v)
	}
	for _, v := range values {
		ref, _ := v.(map[string]any)
		if rid, ok := ref["rid"].(string); ok && ref["soft"] != true {
			rids = append(rids, rid)
		}
	}
	return rids
}

// plainValue leaves out of a value what says nothing.
func plainValue(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	if data, ok := m["data"]; ok {
		switch data.(type) {
		case map[string]any, []any:
			return map[string]any{"data": data}
		}
		return data
	}
	if rid, ok := m["rid"]; ok && m["soft"] == true {
		return map[string]any{"rid": rid, "soft": true}
	} else if ok {
		return map[string]any{"rid": rid}
	}
	return v
}

func plainList(l []any) []any {
	plain := make([]any, len(l))
	for i, v := range l {
		plain[i] = plainValue(v)
	}
	return plain
}

func plainValues(m map[string]any) map[string]any {
	plain := make(map[string]any, len(m))
	for key, v := range m {
		plain[key] = plainValue(v)
	}
	return plain
}

// contentOf is what the client has, in the same form.
func contentOf(r *subs.Resource) *content {
	c := &content{}
	switch r.Kind() {
	case wire.KindModel:
		c.model = map[string]any{}
		for key, v := range r.Properties() {
			c.model[key] = plainValue(decode[any]([]byte(v.Raw())))
		}
	case wire.KindCollection:
		c.collection = []any{}
		for _, v := range r.Items() {
			c.collection = append(c.collection, plainValue(decode[any]([]byte(v.Raw()))))
		}
	default:
		if said, ok := r.Err().(*res.Error); ok {
			c.code = said.Code
		}
	}
	return c
}

// contentOfReplica is what a handle was told, in the same form.
func contentOfReplica(r replica) *content {
	c := &content{}
	switch r.kind {
	case wire.KindModel:
		c.model = map[string]any{}
		for key, v := range r.model {
			c.model[key] = plainValue(decode[any]([]byte(v.Raw())))
		}
	case wire.KindCollection:
		c.collection = []any{}
		for _, v := range r.list {
			c.collection = append(c.collection, plainValue(decode[any]([]byte(v.Raw()))))
		}
	}
	return c
}

func (c *content) equal(other *content) bool {
	return reflect.DeepEqual(c.model, other.model) && reflect.DeepEqual(c.collection, other.collection) && c.code == other.code
}

func (c *content) String() string {
	switch {
	case c.model != nil:
		return fmt.Sprint(c.model)
	case c.collection != nil:
		return fmt.Sprint(c.collection)
	}
	return "error " + c.code
}
