package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// content is what a resource holds, as the JSON texts of its values. The services' truth
// and the clients' copies are compared in this form.
type content struct {
	kind  wire.Kind
	props map[string]string // of a model
	items []string          // of a collection
	code  string            // of a resource in error
}

func modelOf(props map[string]any) content {
	c := content{kind: wire.KindModel, props: make(map[string]string, len(props))}
	for name, v := range props {
		c.props[name] = text(v)
	}
	return c
}

func collectionOf(items []any) content {
	c := content{kind: wire.KindCollection, items: make([]string, len(items))}
	for i, v := range items {
		c.items[i] = text(v)
	}
	return c
}

// contentOf is what the client says that a resource holds.
func contentOf(r *subs.Resource) content {
	c := content{kind: r.Kind()}
	switch c.kind {
	case wire.KindModel:
		c.props = make(map[string]string, r.Len())
		for name, v := range r.Properties() {
			c.props[name] = v.Raw()
		}
	case wire.KindCollection:
		c.items = make([]string, 0, r.Len())
		for _, v := range r.Items() {
			c.items = append(c.items, v.Raw())
		}
	default:
		c.code = fmt.Sprint(r.Err())
	}
	return c
}

// text is how a service spells a value. The services of this program use nothing that
// JSON could fail on.
func text(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%q", err)
	}
	return string(data)
}

// equal reports whether c and d are the same.
func (c content) equal(d content) bool {
	if c.kind != d.kind || len(c.props) != len(d.props) || c.code != d.code || !slices.Equal(c.items, d.items) {
		return false
	}
	for name, v := range c.props {
		if other, has := d.props[name]; !has || other != v {
			return false
		}
	}
	return true
}

// references returns the ids of the resources that c refers to.
func (c content) references() []string {
	var rids []string
	for _, v := range c.props {
		rids = appendReference(rids, v)
	}
	for _, v := range c.items {
		rids = appendReference(rids, v)
	}
	return rids
}

func appendReference(rids []string, value string) []string {
	rest, is := strings.CutPrefix(value, `{"rid":"`)
	if rid, whole := strings.CutSuffix(rest, `"}`); is && whole {
		return append(rids, rid)
	}
	return rids
}

// String is c on one line, for people.
func (c content) String() string {
	switch c.kind {
	case wire.KindModel:
		var parts []string
		for name, v := range c.props {
			parts = append(parts, name+"="+v)
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, " ") + "}"
	case wire.KindCollection:
		return "[" + strings.Join(c.items, " ") + "]"
	}
	return "error " + c.code
}

func ref(rid string) res.Ref { return res.Ref(rid) }
