package resgatetest

import (
	"encoding/json"
	"maps"
	"slices"
)

type resourceState uint8

const (
	wanted    resourceState = iota // nobody has asked the service yet
	requested                      // the get request is out
	aModel
	aCollection
)

// content is a resource at one moment. It is never changed, so that entries
// may share it.
type content struct {
	kind    resourceState // aModel or aCollection
	version uint          // counts the events which led here
	model   map[string]value
	list    []value
}

// values gives the values of a collection, or of a model by the names of its
// properties.
func (c content) values() []value {
	if c.kind == aCollection {
		return c.list
	}
	values := make([]value, 0, len(c.model))
	for _, name := range slices.Sorted(maps.Keys(c.model)) {
		values = append(values, c.model[name])
	}
	return values
}

// resource is a resource in the cache, kept up to date by events.
type resource struct {
	topic *topic
	query string // the normal form
	state resourceState
	content
	entries   map[*entry]struct{}
	resetting bool     // a reset's get request is out; its answer speaks for the events meanwhile
	links     []string // queries that lead here
}

// event is a change of a resource on its way to one entry.
type event struct {
	name    string
	payload json.RawMessage
	version uint // of the content it applies to
	update  bool // makes the next version

	changed, old map[string]value // change
	idx          int              // add, remove
	value        value            // add, remove
}

func makeResource(t *topic, query string) *resource {
	return &resource{topic: t, query: query, entries: make(map[*entry]struct{})}
}

// deliver gives e what there is. An entry whose connection is gone meanwhile
// takes nothing.
func (r *resource) deliver(e *entry) {
	now := r.content
	if !e.post(func() { e.loaded(r, now, nil) }) {
		r.leave(e)
	}
}

// leave ends the use that e made of r. What a query named is not kept.
func (r *resource) leave(e *entry) {
	if _, ok := r.entries[e]; !ok {
		return
	}
	delete(r.entries, e)
	if r.query != "" && len(r.entries) == 0 {
		r.unregister()
	}
	r.topic.release(1)
}

// unregister makes the topic forget r, so that the next who wants it asks the
// service.
func (r *resource) unregister() {
	t := r.topic
	if t.base == r {
		t.base = nil
	}
	if t.queries[r.query] == r {
		delete(t.queries, r.query)
	}
	for _, query := range r.links {
		if t.links[query] == r {
			delete(t.links, query)
		}
	}
	r.links = nil
}

// forsake takes all entries from r, and their uses.
func (r *resource) forsake() []*entry {
	entries := slices.Collect(maps.Keys(r.entries))
	r.entries = make(map[*entry]struct{})
	r.unregister()
	r.topic.release(len(entries))
	return entries
}

// received takes the answer to the get request.
func (r *resource) received(data []byte, err error) {
	var result *getResult
	if err == nil {
		result, err = decodeGet(data)
	}
	if err != nil {
		// Errors are not kept: the next one asks again.
		for _, e := range r.forsake() {
			e.post(func() { e.loaded(nil, content{}, err) })
		}
		return
	}
	waiting := slices.Collect(maps.Keys(r.entries))
	normal := r
	if result.Query != r.query {
		normal = r.linkTo(result.Query)
	}
	// The resource of the normal query may have been there before.
	if normal.state <= requested {
		normal.content = content{kind: aModel, model: result.Model}
		if result.Model == nil {
			normal.content = content{kind: aCollection, list: result.Collection}
		}
		normal.state = normal.kind
	}
	for _, e := range waiting {
		normal.deliver(e)
	}
}

// linkTo makes r another name of the resource with the given query.
func (r *resource) linkTo(query string) *resource {
	t := r.topic
	normal := t.resource(query)
	if r.query == "" {
		t.base = normal
	} else {
		if t.links == nil {
			t.links = make(map[string]*resource)
		}
		t.links[r.query] = normal
		delete(t.queries, r.query)
	}
	normal.links = append(normal.links, r.query)
	maps.Copy(normal.entries, r.entries)
	return normal
}

// reset asks for the resource again.
func (r *resource) reset() {
	if r.resetting {
		return
	}
	r.resetting = true
	t := r.topic
	t.cache.ask("get."+t.name, getPayload(r.query), func(data []byte, err error) {
		t.do(func() {
			r.resetting = false
			r.resetReceived(data, err)
		})
	})
}

// resetReceived takes the answer: not found is a delete event, any other
// failure is no reason to change anything.
func (r *resource) resetReceived(data []byte, err error) {
	var result *getResult
	if err == nil {
		result, err = decodeGet(data)
	}
	if err != nil {
		r.deleteIfNotFound(err)
		return
	}
	r.become(result)
}

func (r *resource) deleteIfNotFound(err error) {
	if asRPC(err).Code == errNotFound.Code {
		r.event("delete", nil)
	}
}

// become makes the events that lead from what r is to what it should be. A
// resource never changes from model to collection.
func (r *resource) become(result *getResult) {
	switch {
	case r.state == aModel && result.Model != nil:
		r.change("change", nil, modelDiff(r.model, result.Model))
	case r.state == aCollection && result.Collection != nil:
		for _, step := range collectionDiff(r.list, result.Collection, value.equal) {
			if step.add {
				r.add("add", nil, step.idx, step.value)
			} else {
				r.remove("remove", removePayload(step.idx), step.idx)
			}
		}
	}
}

func removePayload(idx int) json.RawMessage {
	return encode(struct {
		Idx int `json:"idx"`
	}{idx})
}

// queryAnswer takes what the service says about the query of r after a query
// event.
func (r *resource) queryAnswer(data []byte) {
	answer, err := decodeQueryAnswer(data)
	if err != nil {
		r.deleteIfNotFound(err)
		return
	}
	if answer.Events == nil {
		r.become(&answer.getResult)
		return
	}
	for _, ev := range answer.Events {
		r.event(ev.Event, ev.Data)
	}
}

// event takes an event of the service. Before the resource is loaded it means
// nothing, as the get answer is still to come.
func (r *resource) event(name string, payload json.RawMessage) {
	if r.state <= requested && name != "reaccess" {
		return
	}
	switch name {
	case "change":
		if values, err := decodeChange(payload); err == nil {
			r.change(name, payload, values)
		}
	case "add":
		if idx, v, err := decodeAdd(payload); err == nil {
			r.add(name, payload, idx, v)
		}
	case "remove":
		if idx, err := decodeRemove(payload); err == nil {
			r.remove(name, payload, idx)
		}
	case "delete":
		r.delete(payload)
	case "reaccess":
		for e := range r.entries {
			e.post(e.reaccess)
		}
	default:
		r.tell(&event{name: name, payload: payload, version: r.version})
	}
}

// change applies values and tells what really changed.
func (r *resource) change(name string, payload json.RawMessage, values map[string]value) {
	if r.state != aModel || r.resetting {
		return
	}
	model := maps.Clone(r.model)
	changed := make(map[string]value)
	for k, v := range values {
		had, ok := model[k]
		switch {
		case v.kind == deletion && ok:
			delete(model, k)
		case v.kind != deletion && !had.equal(v):
			model[k] = v
		default:
			continue
		}
		changed[k] = v
	}
	if len(changed) == 0 {
		return
	}
	ev := &event{name: name, payload: payload, version: r.version, update: true, changed: changed, old: r.model}
	r.model = model
	r.version++
	r.tell(ev)
}

func (r *resource) add(name string, payload json.RawMessage, idx int, v value) {
	if r.state != aCollection || r.resetting || idx < 0 || idx > len(r.list) {
		return
	}
	ev := &event{name: name, payload: payload, version: r.version, update: true, idx: idx, value: v}
	r.list = slices.Insert(slices.Clone(r.list), idx, v)
	r.version++
	r.tell(ev)
}

func (r *resource) remove(name string, payload json.RawMessage, idx int) {
	if r.state != aCollection || r.resetting || idx < 0 || idx >= len(r.list) {
		return
	}
	ev := &event{name: name, payload: payload, version: r.version, update: true, idx: idx, value: r.list[idx]}
	r.list = slices.Delete(slices.Clone(r.list), idx, idx+1)
	r.version++
	r.tell(ev)
}

// delete ends the resource for all its entries.
func (r *resource) delete(payload json.RawMessage) {
	if r.resetting {
		return
	}
	ev := &event{name: "delete", payload: payload, version: r.version}
	for _, e := range r.forsake() {
		e.post(func() { e.event(ev) })
	}
}

func (r *resource) tell(ev *event) {
	for e := range r.entries {
		e.post(func() { e.event(ev) })
	}
}
