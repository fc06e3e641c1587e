package simulation

import (
	"strings"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// receive does what the client asks for.
func (c *conn) receive(q wire.Request) {
	n := nameOf(q.RID)
	switch q.Type {
	case wire.TypeVersion:
		c.version(q.ID)
	case wire.TypeSubscribe:
		c.subscribeRequest(q.ID, n)
	case wire.TypeGet:
		c.getRequest(q.ID, n)
	case wire.TypeUnsubscribe:
		c.unsubscribeRequest(q.ID, n, q.Count)
	default:
		c.call(q, n)
	}
}

// version agrees on a protocol. The oldest gateways do not know the request.
func (c *conn) version(id uint64) {
	switch speaks := c.gateway.setup.Protocol; speaks {
	case wire.LegacyProtocol:
		c.fail(id, res.CodeInvalidRequest)
	case "":
		speaks = wire.Protocol
		fallthrough
	default:
		c.push(id, append(appendID([]byte(`{"result":{"protocol":"`+speaks+`"},"id":`), id), '}'))
	}
}

func (c *conn) subscribeRequest(id uint64, n name) {
	ok := c.subscribe(n, func(e *entry, a access) {
		if code := a.refusal(); code != "" {
			c.refuse(id, e, code)
			return
		}
		e.whenReady(func() {
			if code := e.failure(); code != "" {
				c.refuse(id, e, code)
				return
			}
			c.effect(effect{kind: granted, name: n})
			c.replySet(id, e)
		})
	})
	if !ok {
		c.fail(id, res.CodeSubscriptionLimitExceeded)
	}
}

// getRequest is a subscribe that gives its direct subscription back, except when the
// resource is in error: then the gateway forgets to.
func (c *conn) getRequest(id uint64, n name) {
	ok := c.subscribe(n, func(e *entry, a access) {
		if code := a.refusal(); code != "" {
			c.refuse(id, e, code)
			return
		}
		e.whenReady(func() {
			if code := e.failure(); code != "" {
				c.effect(effect{kind: unsure, name: n})
				c.fail(id, code)
				return
			}
			c.effect(effect{kind: looked, name: n})
			if strings.HasSuffix(rids[n], "?") {
				c.effect(effect{kind: found, name: n})
			}
			c.replySet(id, e)
			c.unsubscribe(e, 1)
		})
	})
	if !ok {
		c.fail(id, res.CodeSubscriptionLimitExceeded)
	}
}

// refuse answers a request with an error, and takes back what was counted for it.
func (c *conn) refuse(id uint64, e *entry, code string) {
	c.effect(effect{kind: refused, name: e.name})
	c.fail(id, code)
	c.unsubscribe(e, 1)
}

// ignore never answers a request, as if it waited for a reference that is never loaded: what
// it asks for is counted all the same, unless that is refused before.
func (c *conn) ignore(q wire.Request) {
	if q.Type != wire.TypeSubscribe && q.Type != wire.TypeGet {
		return
	}
	c.subscribe(nameOf(q.RID), func(e *entry, a access) {
		if code := a.refusal(); code != "" {
			c.refuse(q.ID, e, code)
		}
	})
}

func (c *conn) replySet(id uint64, e *entry) {
	s := &set{conn: c}
	if e.state == sent {
		c.effect(effect{kind: nothing, name: e.name})
	}
	e.collect(s, false)
	b := result()
	if members := s.append(nil); len(members) > 0 {
		b = append(b, members[1:]...)
	}
	c.finish(id, b)
	e.markSent()
}

func (c *conn) unsubscribeRequest(id uint64, n name, count int) {
	e := c.entries[n]
	if e == nil || e.direct < count {
		c.effect(effect{kind: noSubscription, name: n, count: count})
		c.fail(id, res.CodeNoSubscription)
		return
	}
	c.unsubscribe(e, count)
	c.effect(effect{kind: taken, name: n, count: count})
	c.push(id, append(appendID([]byte(`{"id":`), id), '}'))
}

// call asks for access and then the service; auth needs no access. A resource which
// the connection does not hold is asked for access each time.
func (c *conn) call(q wire.Request, n name) {
	kind, e := askCall, c.entries[n]
	if q.Type == wire.TypeAuth {
		kind = askAuth
	}
	if e == nil {
		e = newEntry(c, n)
	}
	pass := func(a access) {
		if a.code != "" {
			c.fail(q.ID, a.code)
			return
		}
		c.gateway.request(c, question{kind: kind, name: n, method: q.Method}, func(a answer) { c.called(q.ID, a) })
	}
	if kind == askAuth {
		pass(access{})
		return
	}
	e.withAccess(pass)
}

func (c *conn) called(id uint64, a answer) {
	switch {
	case a.code != "":
		c.fail(id, a.code)
	case c.gateway.setup.Protocol == wire.LegacyProtocol && a.found == nameless:
		c.push(id, append(appendID([]byte(`{"result":null,"id":`), id), '}'))
	case c.gateway.setup.Protocol == wire.LegacyProtocol: // which is subscribed to nothing
		c.push(id, append(appendID([]byte(`{"result":{"rid":"`+rids[a.found]+`"},"id":`), id), '}'))
	case a.found == nameless:
		c.finish(id, append(result(), `"payload":null`...))
	default:
		c.replyResource(id, a.found)
	}
}

// deny adds why the result of a call cannot be had. It may be no more than that the
// client may not have it, so it says nothing of the resource, and nothing of the count.
func (s *set) deny(n name, code string) {
	s.members[wire.KindError][n] = &content{kind: wire.KindError, code: code}
	s.conn.effect(effect{kind: unsure, name: n})
}

// replyResource answers with a resource, which is subscribed. It is a success even
// when the resource cannot be had, because the call was one.
func (c *conn) replyResource(id uint64, n name) {
	reply := func(s *set) {
		b := append(append(append(result(), `"rid":"`...), rids[n]...), '"')
		c.finish(id, s.append(b))
	}
	ok := c.subscribe(n, func(e *entry, a access) {
		s := &set{conn: c}
		if code := a.refusal(); code != "" {
			s.deny(n, code)
			reply(s)
			c.unsubscribe(e, 1)
			return
		}
		e.whenReady(func() {
			if code := e.failure(); code != "" {
				s.deny(n, code)
				reply(s)
				return
			}
			c.effect(effect{kind: granted, name: n})
			e.collect(s, false)
			reply(s)
			e.markSent()
		})
	})
	if !ok {
		c.fail(id, res.CodeSubscriptionLimitExceeded)
	}
}
