package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// The resources of the measuring gateway: bench.<class>.<number>.
const (
	smallModel      = 's' // 5 properties
	largeModel      = 'l' // 20 properties, about 2 KB
	smallCollection = 'c' // 100 short strings
	largeCollection = 'd' // 100 strings of 180 bytes
	references      = 'r' // 100 references to small models bench.m.<id>
	bigCollection   = 'b' // as many short strings as its number says
)

const controlRID = "bench.control"

// rids returns the resources that a bench subscribes to.
func (c config) rids() []string {
	if c.bench == "collsync" {
		return []string{rid(bigCollection, c.models)}
	}
	rids := make([]string, c.models)
	for i := range rids {
		rids[i] = rid(c.class(i), i)
	}
	return rids
}

func rid(class byte, i int) string { return "bench." + string(class) + "." + strconv.Itoa(i) }

// class returns the class of resource i.
func (c config) class(i int) byte {
	kind, large := c.kind, c.size == "large"
	if kind == "mixed" {
		if kind = "model"; i%5 == 4 {
			kind = "collection"
		}
	}
	switch {
	case kind == "refs":
		return references
	case kind == "collection" && large:
		return largeCollection
	case kind == "collection":
		return smallCollection
	case large:
		return largeModel
	}
	return smallModel
}

// slab is a run of events, as the gateway is told of it.
type slab struct {
	Events int    `json:"events"`
	Kind   string `json:"kind"`
	Size   string `json:"size"`
	Models int    `json:"models"`
}

// answered is what the gateway says a client must have: of prepare, start, the event
// done, and ping.
type answered struct {
	Events        int `json:"events"`
	Check         int `json:"check"`
	Subscriptions int `json:"subs"` // of this connection
}

func control(ctx context.Context, client *conn.Client, method string, params any) (a answered, err error) {
	err = client.Call(ctx, controlRID, method, params, &a)
	return a, err
}

// modulus is that of check values.
const modulus = 1000003

// check returns the check value of what the client has: a sum over all resources.
func check(ctx context.Context, client *conn.Client, rids []string) (int, error) {
	v, err := client.View(ctx, rids...)
	if err != nil {
		return 0, err
	}
	sum := 0
	for i, rid := range rids {
		r := v.Resource(rid)
		if r == nil {
			return 0, fmt.Errorf("there is no %q", rid)
		}
		n, err := checkResource(v, r, i)
		if err != nil {
			return 0, fmt.Errorf("%q: %w", rid, err)
		}
		sum = (sum + n) % modulus
	}
	return sum, nil
}

func checkResource(v *subs.View, r *subs.Resource, i int) (int, error) {
	if r.Kind() == wire.KindModel {
		var seq int
		err := r.Value("seq").Decode(&seq)
		return (i%97 + 1) * seq % modulus, err
	}
	sum := 0
	for position, item := range r.Items() {
		id, err := itemID(v, item)
		if err != nil {
			return 0, err
		}
		sum = (sum + (position+1)*id) % modulus
	}
	return sum, nil
}

// itemID reads item-00000007 and a text, or follows a reference to a model whose id it is.
func itemID(v *subs.View, item res.Value) (id int, err error) {
	if item.IsReference() {
		model := v.Resource(item.RID())
		if model == nil {
			return 0, fmt.Errorf("%q is not there", item.RID())
		}
		return id, model.Value("id").Decode(&id)
	}
	const prefix, digits = len("item-"), 8
	text := item.String()
	if len(text) < prefix+digits {
		return 0, fmt.Errorf("%q is no item", text)
	}
	return strconv.Atoi(text[prefix : prefix+digits])
}
