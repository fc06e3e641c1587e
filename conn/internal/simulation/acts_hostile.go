package simulation

import (
	"fmt"
	"slices"
)

// say has the gateway write something that means nothing, among what it has written.
func (c *conn) say(d *dice, text string) {
	at := d.n(len(c.outbox) + 1)
	c.gateway.tell("the gateway says %s", text)
	c.outbox = slices.Insert(slices.Clone(c.outbox), at, frame{text: []byte(text)})
}

// nonsense is what a client passes over: it is no message of the protocol, or about what
// the client has never heard of.
var nonsense = [...]string{
	`0`, `null`, `""`, `[]`, `{}`, `[{"id":1,"result":{}}]`,
	`{"id":-1,"result":{}}`, `{"id":"8","result":{}}`, `{"id":18446744073709551616,"result":{}}`, `{"result":{}}`,
	`{"id":4398046511104,"result":{}}`, `{"id":4398046511106,"result":{"models":{"x":{"a":{"rid":"x"}}}}}`,
	`{"id":4398046511109,"result":{"rid":"x","models":{"x":{}}}}`, `{"id":4398046511107,"error":{}}`,
	`{"id":4398046511108,"error":7}`, `{"id":4398046511109,"result":{"rid":5}}`,
	`{"event":"x.change","data":{"values":{"a":1}}}`, `{"event":"x.y.add","data":{"idx":-1}}`, `{"event":"x.remove","data":null}`,
	`{"event":"x.delete"}`, `{"event":"x.unsubscribe","data":{"reason":{"code":"x"}}}`, `{"event":"x"}`, `{"event":"."}`, `{"event":""}`,
	`{"event":7,"data":{}}`, `{"event":"x.custom","data":[[[[]]]]}`, `{"method":"subscribe.x","id":1}`, `{"event":null,"id":null}`,
	`{"id":4398046511105,"error":{"code":"system.invalidRequest","message":""}}`, // to a version request that was never made
}

func (w *world) actTalkNonsense(d *dice) {
	if n := d.n(len(nonsense)); w.conn != nil {
		w.conn.say(d, nonsense[n])
	}
}

// actRepeat has the gateway answer a request once more.
func (w *world) actRepeat(d *dice) {
	c := w.conn
	if c == nil || len(c.outbox) == 0 {
		return
	}
	i := d.n(len(c.outbox))
	if f := c.outbox[i]; f.id != 0 {
		w.tell("the gateway repeats %s", f.text)
		c.outbox = slices.Insert(slices.Clone(c.outbox), i+1, frame{text: f.text})
	}
}

// actLie has the gateway send an event that cannot be.
func (w *world) actLie(d *dice) {
	c := w.conn
	if c == nil {
		return
	}
	rid := rids[w.pickName(d)]
	c.reasons.add(lied)
	c.say(d, fmt.Sprintf([...]string{
		`{"event":"%s.remove","data":{"idx":1000}}`,
		`{"event":"%s.add","data":{"idx":1000,"value":1}}`,
		`{"event":"%s.change","data":{"values":1}}`,
		`{"event":"%s.add","data":{"value":{"rid":7}}}`,
		`{"event":"%s.change","data":null}`,
	}[d.n(5)], rid))
}
