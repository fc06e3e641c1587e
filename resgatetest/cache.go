package resgatetest

import (
	"cmp"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/resclient/resclient-go/res"
)

// A name is kept, with its content and its events, for this long after its
// last use.
const cacheDelay = 5 * time.Second

// cache holds what the gateway knows of resources, for all its connections,
// and makes all requests to services. Everything in it belongs to the
// goroutine of box.
type cache struct {
	gw     *gateway
	bus    Bus
	box    *mailbox
	topics map[string]*topic
	made   int // topics so far
	asked  map[*question]struct{}
}

func newCache(gw *gateway, bus Bus) *cache {
	return &cache{
		gw: gw, bus: bus, box: newMailbox(),
		topics: make(map[string]*topic),
		asked:  make(map[*question]struct{}),
	}
}

// topic gives the entry of a resource name and counts one more use.
func (c *cache) topic(name string) *topic {
	t := c.topics[name]
	if t == nil {
		c.made++
		t = &topic{cache: c, name: name, number: c.made}
		c.topics[name] = t
	}
	t.use()
	return t
}

// end gives up what is out. The goroutine of box has ended before.
func (c *cache) end() {
	for q := range c.asked {
		q.drop()
	}
	for _, t := range c.topics {
		if t.idle != nil {
			t.idle.Stop()
		}
	}
}

// message takes what services publish.
func (c *cache) message(subject string, payload []byte) {
	kind, rest, _ := strings.Cut(subject, ".")
	switch kind {
	case "event":
		if dot := strings.LastIndexByte(rest, '.'); dot > 0 {
			c.event(rest[:dot], rest[dot+1:], payload)
		}
	case "conn":
		if cid, ok := strings.CutSuffix(rest, ".token"); ok {
			c.tokenEvent(cid, payload)
		}
	case "system":
		switch rest {
		case "reset":
			c.reset(payload)
		case "tokenReset":
			c.tokenReset(payload)
		}
	}
}

func (c *cache) event(name, event string, payload []byte) {
	if t := c.topics[name]; t != nil {
		t.do(func() { t.event(event, payload) })
	}
}

func (c *cache) tokenEvent(cid string, payload []byte) {
	var ev tokenEvent
	if json.Unmarshal(payload, &ev) != nil {
		return
	}
	if conn := c.gw.connByCID(cid); conn != nil {
		conn.box.post(func() { conn.setToken(ev.Token, ev.TID) })
	}
}

// reset makes the gateway ask again for the resources, or for access to them,
// whose names match one of the patterns.
func (c *cache) reset(payload []byte) {
	var ev resetEvent
	if len(payload) > 0 && json.Unmarshal(payload, &ev) != nil {
		return
	}
	c.matching(ev.Resources, func(t *topic) { t.do(t.resetResources) })
	c.matching(ev.Access, func(t *topic) { t.do(t.resetAccess) })
}

// matching goes through the names in the order in which they came into the
// cache. The real gateway has no order, but a test is easier with one.
func (c *cache) matching(patterns []string, do func(*topic)) {
	var valid []res.Pattern
	for _, p := range patterns {
		if p := res.Pattern(p); p.Check() == nil {
			valid = append(valid, p)
		}
	}
	for _, t := range slices.SortedFunc(maps.Values(c.topics), olderTopic) {
		for _, p := range valid {
			if p.Matches(t.name) {
				do(t)
			}
		}
	}
}

func olderTopic(a, b *topic) int { return cmp.Compare(a.number, b.number) }

func (c *cache) tokenReset(payload []byte) {
	var ev tokenResetEvent
	if json.Unmarshal(payload, &ev) != nil || ev.Subject == "" {
		return
	}
	for _, conn := range c.gw.allConns() {
		conn.box.post(func() { conn.tokenReset(ev.TIDs, ev.Subject) })
	}
}

// subscribe gets e its resource: from the cache, or with a get request.
func (c *cache) subscribe(e *entry) {
	if len("event.")+len(e.name) > maxControlLine-len(".*") {
		e.post(func() { e.loaded(nil, content{}, errSubjectTooLong) })
		return
	}
	if len("event.")+len(e.name)+len(".*")+len(" 10") > maxControlLine {
		c.gw.lose()
		return
	}
	t := c.topic(e.name)
	t.do(func() { t.subscribe(e) })
}

// request asks a service something about the resource name. The answer takes
// its turn among the events of that name.
func (c *cache) request(name, subject string, payload []byte, answer func(data []byte, err error)) {
	t := c.topic(name)
	c.ask(subject, payload, func(data []byte, err error) {
		t.do(func() {
			answer(data, err)
			t.release(1)
		})
	})
}

// What NATS takes: the bytes of the protocol line that carries a message, and
// the length of the reply address in it.
const (
	maxControlLine = 4096
	inboxLength    = len("_INBOX.") + 22
)

// question is a request to a service which is not answered yet.
type question struct {
	cache  *cache
	timer  *time.Timer
	cancel func()
	answer func(data []byte, err error)
}

// ask publishes a request and has the one answer, or the error in place of it,
// handled on the goroutine of the cache.
func (c *cache) ask(subject string, payload []byte, answer func(data []byte, err error)) {
	q := &question{cache: c, answer: answer, cancel: func() {}}
	c.asked[q] = struct{}{}
	if len(subject)+inboxLength > maxControlLine {
		c.box.post(func() { q.end(nil, errSubjectTooLong) })
		return
	}
	size := len(strconv.Itoa(len(payload)))
	if len(subject)+len(" ")+inboxLength+len(" ")+size > maxControlLine {
		// The check before lets this pass, and the NATS server does not.
		c.gw.lose()
		return
	}
	q.timer = time.AfterFunc(c.gw.cfg.timeout, q.expire)
	cancel, err := c.bus.Request(subject, payload, func(data []byte, err error) {
		c.box.post(func() { q.response(data, err) })
	})
	if err != nil {
		c.box.post(func() { q.end(nil, err) })
		return
	}
	q.cancel = cancel
}

func (q *question) expire() {
	q.cache.box.post(func() { q.end(nil, errTimeout) })
}

func (q *question) response(data []byte, err error) {
	if err == nil && preResponse(data) {
		q.prolong(data)
		return
	}
	q.end(data, err)
}

// end hands over the answer. What comes after it is dropped.
func (q *question) end(data []byte, err error) {
	if q.answer == nil {
		return
	}
	answer := q.answer
	q.drop()
	answer(data, err)
}

// drop gives the question up.
func (q *question) drop() {
	delete(q.cache.asked, q)
	q.answer = nil
	q.cancel()
	if q.timer != nil {
		q.timer.Stop()
	}
}

// preResponse reports whether a service says something ahead of its answer:
// its first byte is a letter, which no JSON object begins with.
func preResponse(data []byte) bool {
	return len(data) > 0 && (data[0]|0x20) >= 'a' && (data[0]|0x20) <= 'z'
}

// prolong gives the service the time it asks for, from now on.
func (q *question) prolong(data []byte) {
	text, ok := reflect.StructTag(data).Lookup("timeout")
	ms, err := strconv.Atoi(text)
	if !ok || err != nil || q.answer == nil || !q.timer.Stop() {
		return
	}
	q.timer = time.AfterFunc(time.Duration(ms)*time.Millisecond, q.expire)
}
