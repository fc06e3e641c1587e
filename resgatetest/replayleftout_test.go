package resgatetest_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// autoReplies are services whose requests and answers are left out in the
// transcripts.
var autoReplies = map[string]func(subject string) string{
	"large-chain": func(subject string) string {
		i, ok := number(subject, "get.test.link.")
		switch {
		case !ok:
			return allowed(subject)
		case i == 1999:
			return `{"result":{"model":{"i":1999}}}`
		}
		return fmt.Sprintf(`{"result":{"model":{"i":%d,"next":{"rid":"test.link.%d"}}}}`, i, i+1)
	},
	"large-collection-refs":           itemService,
	"large-collection-refs-throttled": itemService,
	"large-collection-primitives":     nil,
	"count-many-rids":                 modelService,
	"order-1000-subscribes":           modelService,
	"order-10000-subscribes":          modelService,
	"order-1000-cached":               modelService,
	"order-event-flood":               nil,
	"order-unread-pipeline":           modelService,
}

func allowed(subject string) string {
	if strings.HasPrefix(subject, "access.") {
		return `{"result":{"get":true,"call":"*"}}`
	}
	return ""
}

func number(subject, prefix string) (int, bool) {
	text, ok := strings.CutPrefix(subject, prefix)
	i, err := strconv.Atoi(text)
	return i, ok && err == nil
}

func itemService(subject string) string {
	if subject == "get.test.list" {
		refs := make([]string, 10000)
		for i := range refs {
			refs[i] = fmt.Sprintf(`{"rid":"test.item.%d"}`, i)
		}
		return `{"result":{"collection":[` + strings.Join(refs, ",") + `]}}`
	}
	if i, ok := number(subject, "get.test.item."); ok {
		return fmt.Sprintf(`{"result":{"model":{"id":%d,"name":"item %d"}}}`, i, i)
	}
	return allowed(subject)
}

func modelService(subject string) string {
	switch {
	case strings.HasPrefix(subject, "get."):
		return `{"result":{"model":{"v":1}}}`
	case strings.HasPrefix(subject, "call."):
		return `{"result":"` + strings.Repeat("x", 20000) + `"}`
	}
	return allowed(subject)
}

// leftOut does what a note says is left out, by scenario and note.
var leftOut = map[string]func(*player){
	"count-limit: 255 more subscribe requests left out here, each with the result {}": func(p *player) {
		for id := 3; id < 258; id++ {
			p.exchange("", fmt.Sprintf(`{"id":%d,"method":"subscribe.test.model"}`, id), fmt.Sprintf(`{"result":{},"id":%d}`, id))
		}
	},
	"count-many-rids: 50 subscribes and 49 unsubscribes left out": func(p *player) {
		id := 1
		for i := range 50 {
			id++
			p.exchange("", fmt.Sprintf(`{"id":%d,"method":"subscribe.test.m.%d"}`, id, i),
				fmt.Sprintf(`{"result":{"models":{"test.m.%d":{"v":1}}},"id":%d}`, i, id))
		}
		for i := range 49 {
			id++
			p.exchange("", fmt.Sprintf(`{"id":%d,"method":"unsubscribe.test.m.%d"}`, id, i), fmt.Sprintf(`{"id":%d}`, id))
		}
	},
	"order-event-flood: 1000 events, 0 not the one expected": func(p *player) {
		for i := range 1000 {
			p.bus.publish("event.test.model.change", fmt.Appendf(nil, `{"values":{"v":%d}}`, i+1))
		}
		for i := range 1000 {
			p.receive("", fmt.Sprintf(`{"event":"test.model.change","data":{"values":{"v":%d}}}`, i+1))
		}
		p.bus.setAuto(modelService)
	},
	"order-1000-subscribes: 1000 responses, 0 twice, in less than 1 s; out of the order of the requests: true":   manySubscribes("", 1000),
	"order-10000-subscribes: 10000 responses, 0 twice, in less than 1 s; out of the order of the requests: true": manySubscribes("", 10000),
	"order-1000-cached: 1000 responses, 0 twice, in less than 1 s; out of the order of the requests: true": func(p *player) {
		manySubscribes("A", 1000)(p)
		manySubscribes("B", 1000)(p)
	},
	"order-1000-cached: the same requests once more on the same connection, so that nothing has to be asked: 1000 responses, 0 twice, in less than 1 s; out of the order of the requests: false": func(p *player) {
		for id := 2; id < 1002; id++ {
			p.send("B", fmt.Sprintf(`{"id":%d,"method":"subscribe.test.m.%d"}`, id, id-2))
		}
		for id := 2; id < 1002; id++ {
			p.receive("B", fmt.Sprintf(`{"result":{},"id":%d}`, id))
		}
	},
	"order-unread-pipeline: all 2000 requests are written; nothing has been read for a second": func(p *player) {
		c := p.open("")
		c.pause()
		for id := 1; id <= unreadCalls; id++ {
			p.send("", fmt.Sprintf(`{"id":%d,"method":"call.test.m.get"}`, id))
		}
		time.Sleep(time.Second)
		if n := p.srv.Requests()["call"]; n < 1 {
			p.fatalf("%d requests", n)
		}
		c.resume()
		for id := 1; id <= unreadCalls; id++ {
			p.receive("", fmt.Sprintf(`{"result":%q,"id":%d}`, strings.Repeat("x", 20000), id))
		}
	},
	"fault-slow-reader: 2000 events of 50 kB published (100 MB in all): the other client has 2000 of them": func(p *player) {
		p.conns["slow"].pause()
		for i := range slowEvents {
			p.bus.publish("event.test.model.custom", []byte(slowEvent(i)))
		}
		for i := range slowEvents {
			p.receive("other", `{"event":"test.model.custom","data":`+slowEvent(i)+`}`)
		}
	},
	"fault-slow-reader: the slow client has read 0 and then stopped; its connection is open; it starts to read": func(p *player) {
		if err := p.conns["slow"].over(); err != nil {
			p.fatalf("the slow client was dropped: %v", err)
		}
		p.conns["slow"].resume()
	},
	"fault-slow-reader: the slow client now has 2000; events out of order on either: 0": func(p *player) {
		for i := range slowEvents {
			p.receive("slow", `{"event":"test.model.custom","data":`+slowEvent(i)+`}`)
		}
	},
}

// A part of what the transcripts have is enough to fill all buffers.
const (
	unreadCalls = 500
	slowEvents  = 200
)

func slowEvent(i int) string { return strconv.Quote(strings.Repeat("e", 50000) + strconv.Itoa(i)) }

// manySubscribes sends n requests in one go and checks that each is answered
// once.
func manySubscribes(conn string, n int) func(*player) {
	return func(p *player) {
		for i := range n {
			p.send(conn, fmt.Sprintf(`{"id":%d,"method":"subscribe.test.m.%d"}`, i+2, i))
		}
		for i := range n {
			p.receive(conn, fmt.Sprintf(`{"result":{"models":{"test.m.%d":{"v":1}}},"id":%d}`, i, i+2))
		}
	}
}
