package resgatetest

import (
	"encoding/json"
	"time"
)

// topic is a resource name with all its queries. What happens to them happens
// in one order: events, answers, subscriptions.
type topic struct {
	cache  *cache
	name   string
	number int         // in the order of the cache
	uses   int         // entries that hold or want a resource, requests out
	idle   *time.Timer // runs while uses is 0

	base    *resource            // of the plain name; may be linked to a query
	queries map[string]*resource // by normal query
	links   map[string]*resource // by other spellings of a query

	locks int // answers to a query event that are out; work waits for them
	work  []func()
}

func (t *topic) use() {
	t.uses++
	if t.idle != nil {
		t.idle.Stop()
		t.idle = nil
	}
}

// release gives back n uses. With the last one the name is forgotten, after a
// while.
func (t *topic) release(n int) {
	t.uses -= n
	if t.uses > 0 || n == 0 {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(cacheDelay, func() {
		t.cache.box.post(func() {
			if t.idle == timer {
				delete(t.cache.topics, t.name)
			}
		})
	})
	t.idle = timer
}

// do does f in its turn.
func (t *topic) do(f func()) {
	t.work = append(t.work, f)
	t.proceed()
}

func (t *topic) proceed() {
	for t.locks == 0 && len(t.work) > 0 {
		f := t.work[0]
		t.work = t.work[1:]
		f()
	}
}

// unlock ends one of the waits that a query event began.
func (t *topic) unlock() {
	t.locks--
	t.proceed()
}

func (t *topic) subscribe(e *entry) {
	r := t.resource(e.query)
	r.entries[e] = struct{}{}
	switch r.state {
	case wanted:
		r.state = requested
		t.cache.ask("get."+t.name, getPayload(r.query), func(data []byte, err error) {
			t.do(func() { r.received(data, err) })
		})
	case requested:
	default:
		r.deliver(e)
	}
}

// resource gives the resource behind a query, which is another one's when the
// service said that both are the same.
func (t *topic) resource(query string) *resource {
	if query == "" {
		if t.base == nil {
			t.base = makeResource(t, "")
		}
		return t.base
	}
	if r := t.queries[query]; r != nil {
		return r
	}
	if r := t.links[query]; r != nil {
		return r
	}
	r := makeResource(t, query)
	if t.queries == nil {
		t.queries = make(map[string]*resource)
	}
	t.queries[query] = r
	return r
}

// all gives the resources of the topic, each once.
func (t *topic) all() []*resource {
	var all []*resource
	if t.base != nil && t.base.query == "" {
		all = append(all, t.base)
	}
	for _, r := range t.queries {
		all = append(all, r)
	}
	return all
}

func (t *topic) resetResources() {
	for _, r := range t.all() {
		r.reset()
	}
}

func (t *topic) resetAccess() {
	for _, r := range t.all() {
		for e := range r.entries {
			e.post(e.reaccess)
		}
	}
}

// event handles an event on the name. It concerns the resource without query
// only, unless it is a query event.
func (t *topic) event(name string, payload []byte) {
	if name == "query" {
		t.queryEvent(payload)
		return
	}
	if t.base == nil || t.base.query != "" {
		return
	}
	var data json.RawMessage
	if len(payload) > 0 && json.Unmarshal(payload, &data) != nil {
		return
	}
	t.base.event(name, data)
}

// queryEvent asks the service what has become of each query. Everything else
// about the name waits for the answers.
func (t *topic) queryEvent(payload []byte) {
	var ev struct {
		Subject string `json:"subject"`
	}
	if json.Unmarshal(payload, &ev) != nil || ev.Subject == "" {
		return
	}
	for query, r := range t.queries {
		if r.state == wanted || r.state == requested {
			continue
		}
		t.locks++
		question := encode(struct {
			Query string `json:"query"`
		}{query})
		t.cache.ask(ev.Subject, question, func(data []byte, err error) {
			if err == nil {
				r.queryAnswer(data)
			}
			t.unlock()
		})
	}
}
