package randomprogram_test

import (
	"context"
	"fmt"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
)

// settings are verbs that do nothing by themselves: how many clients and resources
// there are, and how many events may wait for a consumer.
var settings = map[string]bool{"clients": true, "resources": true, "queue": true}

// verbs are what programs can do. Each comes with its arguments.
var verbs = map[string]func(*run, action){
	// Clients. A patience of 0 is endless.
	"subscribe":     (*run).doSubscribe,    // client slot resource consumer patience
	"call-resource": (*run).doCallResource, // client slot resource consumer patience
	"close":         (*run).doClose,        // client slot
	"get":           (*run).doGet,          // client resource patience
	"call":          (*run).doCall,         // client resource patience
	"auth":          (*run).doAuth,         // client
	"view":          (*run).doView,         // client resource
	"reconnect":     (*run).doReconnect,    // client

	// Resources.
	"model":               (*run).doModel,      // resource property=value …
	"collection":          (*run).doCollection, // resource value …
	"change":              (*run).doChange,     // resource property=value …
	"add":                 (*run).doAdd,        // resource index value
	"remove":              (*run).doRemove,     // resource index
	"event":               (*run).doEvent,      // resource
	"delete":              (*run).doDelete,     // resource
	"recreate":            (*run).doRecreate,   // resource
	"silently-model":      (*run).doModelSilently,
	"silently-collection": (*run).doCollectionSilently,
	"silently-delete":     (*run).doDeleteSilently,
	"reset":               (*run).doReset, // [resource]

	// Access.
	"deny":     (*run).doDeny,     // resource
	"allow":    (*run).doAllow,    // resource
	"reaccess": (*run).doReaccess, // resource

	// Faults of services. The kind is that of the requests concerned, or all.
	"mute":    (*run).doMute,  // resource kind
	"leave":   (*run).doLeave, // resource kind
	"hold":    (*run).doHold,  // resource kind
	"fail":    (*run).doFail,  // resource
	"delay":   (*run).doDelay, // resource kind duration
	"unmute":  (*run).doClearFaults,
	"unleave": (*run).doClearFaults,
	"unhold":  (*run).doClearFaults,
	"unfail":  (*run).doClearFaults,

	// Faults of gateways and networks. What makes no sense does nothing.
	"kill":    func(r *run, _ action) { _ = r.gateway.Kill() },
	"restart": func(r *run, _ action) { _ = r.gateway.Restart() },
	"freeze":  func(r *run, _ action) { _ = r.gateway.Freeze() },
	"thaw":    func(r *run, _ action) { _ = r.gateway.Thaw() },
	"drop":    (*run).doDrop,
	"cut":     func(r *run, _ action) { r.onNetwork((*resgatetest.Network).Cut) },
	"heal":    func(r *run, _ action) { r.onNetwork((*resgatetest.Network).Heal) },

	// Time.
	"wait":   func(r *run, a action) { time.Sleep(min(a.args().duration(1), r.longest)) },
	"settle": func(r *run, _ action) { r.settle() },
}

func (r *run) client(a action) *client { return r.clients[a.args().number(1)%len(r.clients)] }

func (r *run) doSubscribe(a action) {
	rid := r.rid(a.args().number(3))
	if how := consumers[a.args().text(4)]; how.watch {
		f := r.newSlot(a, how)
		r.call(string(a), a.args().duration(5), f.watch)
		return
	}
	r.open(a, func(ctx context.Context, c *client, option ...conn.SubscribeOption) (*conn.Subscription, error) {
		return c.Subscribe(ctx, rid, option...)
	})
}

func (r *run) doCallResource(a action) {
	rid := r.rid(a.args().number(3))
	r.open(a, func(ctx context.Context, c *client, option ...conn.SubscribeOption) (*conn.Subscription, error) {
		return c.CallResource(ctx, rid, "open", nil, option...)
	})
}

// open puts a new feed in a slot, in place of the one that is there.
func (r *run) open(a action, subscribe func(context.Context, *client, ...conn.SubscribeOption) (*conn.Subscription, error)) {
	f := r.newSlot(a, consumers[a.args().text(4)])
	r.call(string(a), a.args().duration(5), func(ctx context.Context) error {
		s, err := subscribe(ctx, f.client, f.options()...)
		f.opened(s, err)
		return err
	})
}

// newSlot puts a new feed, which is not open, in a slot.
func (r *run) newSlot(a action, how consumer) *feed {
	r.doClose(a)
	c, slot := r.client(a), a.args().number(2)%slots
	f := newFeed(r, c, r.rid(a.args().number(3)), how)
	c.slots[slot] = f
	c.open = append(c.open, f)
	return f
}

func (r *run) doClose(a action) {
	c, slot := r.client(a), a.args().number(2)%slots
	if f := c.slots[slot]; f != nil {
		c.slots[slot] = nil
		f.close()
	}
}

func (r *run) doGet(a action) {
	c, rid := r.client(a), r.rid(a.args().number(2))
	r.call(string(a), a.args().duration(3), func(ctx context.Context) error {
		got, err := c.Get(ctx, rid)
		if err == nil && got.RID() != rid {
			r.fail(fmt.Errorf("get %q gives %q", rid, got.RID()))
		}
		return err
	})
}

func (r *run) doCall(a action) {
	c, rid := r.client(a), r.rid(a.args().number(2))
	r.call(string(a), a.args().duration(3), func(ctx context.Context) error {
		var n int
		err := c.Call(ctx, rid, "touch", 7, &n)
		if err == nil && n != 7 {
			r.fail(fmt.Errorf("call %q gives %d", rid, n))
		}
		return err
	})
}

func (r *run) doAuth(a action) {
	c := r.client(a)
	r.call(string(a), 0, func(ctx context.Context) error { return c.Auth(ctx, "t.0", "login", nil, nil) })
}

// doView takes a view that must not change later.
func (r *run) doView(a action) {
	c, rid := r.client(a), r.rid(a.args().number(2))
	v, err := c.View(context.Background(), rid)
	r.must(err)
	before, _ := v.JSON(rid)
	r.call(string(a), 0, func(context.Context) error {
		time.Sleep(r.timeout)
		if after, _ := v.JSON(rid); string(after) != string(before) {
			r.fail(fmt.Errorf("a view of %q was %s and is %s", rid, before, after))
		}
		return nil
	})
}

func (r *run) doReconnect(a action) { r.client(a).Reconnect() }

func (r *run) doModel(a action) {
	r.created[a.args().number(1)%r.resources] = a
	r.must(r.service.SetModel(r.rid(a.args().number(1)), r.parseProperties(a.args().from(2))))
}

func (r *run) doCollection(a action) {
	r.created[a.args().number(1)%r.resources] = a
	r.must(r.service.SetCollection(r.rid(a.args().number(1)), r.parseValues(a.args().from(2))))
}

func (r *run) doModelSilently(a action) {
	r.must(r.service.SetModelSilently(r.rid(a.args().number(1)), r.parseProperties(a.args().from(2))))
}

func (r *run) doCollectionSilently(a action) {
	r.must(r.service.SetCollectionSilently(r.rid(a.args().number(1)), r.parseValues(a.args().from(2))))
}

func (r *run) doChange(a action) {
	_ = r.service.Change(r.rid(a.args().number(1)), r.parseProperties(a.args().from(2))) // or it is no model
}

func (r *run) doAdd(a action) {
	rid, index := r.rid(a.args().number(1)), a.args().number(2)
	if items, ok := r.service.Collection(rid); ok {
		r.must(r.service.Add(rid, min(index, len(items)), r.parseValue(a.args().text(3))))
	}
}

func (r *run) doRemove(a action) {
	rid, index := r.rid(a.args().number(1)), a.args().number(2)
	if items, ok := r.service.Collection(rid); ok && len(items) > 0 {
		r.must(r.service.Remove(rid, index%len(items)))
	}
}

func (r *run) doEvent(a action) { r.must(r.service.Event(r.rid(a.args().number(1)), "hello", 1)) }

func (r *run) doDelete(a action) {
	i := a.args().number(1) % r.resources
	if r.service.Delete(r.rid(i)) == nil {
		r.deleted[i] = r.created[i]
	}
}

func (r *run) doDeleteSilently(a action) { r.service.DeleteSilently(r.rid(a.args().number(1))) }

// doRecreate makes a resource again as it was made, if it is gone.
func (r *run) doRecreate(a action) {
	i := a.args().number(1) % r.resources
	how := r.deleted[i]
	if _, missing := truth(r.service, r.rid(i)); missing && how != "" {
		r.create(how)
	}
}

func (r *run) create(how action) {
	if how.verb() == "model" {
		r.doModel(how)
	} else {
		r.doCollection(how)
	}
}

func (r *run) doReset(a action) {
	pattern := ">"
	if len(a.args()) > 1 {
		pattern = r.rid(a.args().number(1))
	}
	r.must(r.service.Reset([]string{pattern}, nil))
}

func (r *run) doDeny(a action)     { r.grant(a, false) }
func (r *run) doAllow(a action)    { r.grant(a, true) }
func (r *run) doReaccess(a action) { r.must(r.service.Reaccess(r.rid(a.args().number(1)))) }

func (r *run) grant(a action, access bool) {
	r.mu.Lock()
	r.denied[r.rid(a.args().number(1))] = !access
	r.mu.Unlock()
	r.doReaccess(a)
}

func (r *run) doMute(a action)  { r.must(r.service.Mute(r.pattern(a), kinds(a)...)) }
func (r *run) doLeave(a action) { r.must(r.service.Leave(r.pattern(a), kinds(a)...)) }

func (r *run) doHold(a action) {
	release, err := r.service.Hold(r.pattern(a), kinds(a)...)
	r.must(err)
	i := a.args().number(1) % r.resources
	r.holds[i] = append(r.holds[i], release)
}

func (r *run) doFail(a action) { r.service.Fail(r.rid(a.args().number(1)), res.ErrInternalError) }

func (r *run) doDelay(a action) {
	r.must(r.service.Delay(r.pattern(a), min(a.args().duration(3), r.longest), kinds(a)...))
}

func (r *run) doClearFaults(a action) { r.clearFaults(a.args().number(1) % r.resources) }

func (r *run) clearFaults(i int) {
	p := res.Pattern(r.rid(i))
	r.service.Unmute(p)
	r.service.Join(p)
	r.service.Fail(r.rid(i), nil)
	r.must(r.service.Delay(p, 0))
	for _, release := range r.holds[i] {
		release()
	}
	delete(r.holds, i)
}

func (r *run) pattern(a action) res.Pattern { return res.Pattern(r.rid(a.args().number(1))) }

func kinds(a action) []resgatetest.Kind {
	if kind := a.args().text(2); kind != "all" && kind != "" {
		return []resgatetest.Kind{resgatetest.Kind(kind)}
	}
	return nil
}

// doDrop ends all connections. A process cannot do so, so it is left out there.
func (r *run) doDrop(action) {
	if g, can := r.gateway.(interface{ Drop() error }); can {
		_ = g.Drop()
	}
}

func (r *run) onNetwork(do func(*resgatetest.Network, string)) {
	if r.network != nil {
		do(r.network, gatewayAddr)
	}
}
