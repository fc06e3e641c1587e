package simulation

import (
	"errors"
	"strconv"
	"strings"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// name is a resource id as a client or a reference spells it: an index into rids.
// Some spell the same thing.
type name int

// rids are few, so that everything that can meet does. The client looks for some that are
// stuck by their name with an empty query.
var rids = [...]string{
	"l0", "l0?", "l1", "l1?", "m0", "m0?", "m1", "m1?", "m2", "m2?", "m3", "m3?", "q?a", "q?b", "q?b=",
	"m2.{cid}", "m2.{cid}?", // what the tag stands for is left out: to the client it is a name like others
}

// played are the names that programs and references use, the first few of them in a run.
var played = [...]name{0, 2, 4, 5, 6, 8, 10, 12, 13, 14, 15}

const (
	names    = len(rids)
	nameless = name(-1)
)

func nameOf(rid string) name {
	for n, r := range rids {
		if r == rid {
			return name(n)
		}
	}
	return nameless
}

func (n name) String() string {
	if n == nameless {
		return ">"
	}
	return rids[n]
}

// value is a value of a model or a collection.
type value struct {
	kind valueKind
	n    int // the number, or the name that is referred to
}

type valueKind uint8

const (
	absent valueKind = iota
	number
	reference
	soft
	data
)

func (v value) refers() bool { return v.kind == reference }

// texts holds the JSON of all values that there are.
var texts = func() (t [data + 1][100]string) {
	for n := range 100 {
		t[number][n] = strconv.Itoa(n)
		t[data][n] = `{"data":[` + strconv.Itoa(n) + `]}`
		if n < names {
			t[reference][n] = `{"rid":"` + rids[n] + `"}`
			t[soft][n] = `{"rid":"` + rids[n] + `","soft":true}`
		}
	}
	return t
}()

// String returns the value as JSON.
func (v value) String() string { return texts[v.kind][v.n] }

// props are the names that properties may have.
const props = "abc"

// content is a resource at one moment. It never changes.
type content struct {
	kind  wire.Kind
	props [len(props)]value
	items []value
	code  string // of an error
}

// references calls f for every reference, once per place.
func (c *content) references(f func(name)) {
	for _, v := range c.props {
		if v.refers() {
			f(name(v.n))
		}
	}
	for _, v := range c.items {
		if v.refers() {
			f(name(v.n))
		}
	}
}

func (c *content) equal(d *content) bool {
	if c == d {
		return true
	}
	if c == nil || d == nil || c.kind != d.kind || c.props != d.props || c.code != d.code || len(c.items) != len(d.items) {
		return false
	}
	for i, v := range c.items {
		if v != d.items[i] {
			return false
		}
	}
	return true
}

// append appends the content as JSON.
func (c *content) append(b []byte) []byte {
	switch c.kind {
	case wire.KindCollection:
		b = append(b, '[')
		for i, v := range c.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, v.String()...)
		}
		return append(b, ']')
	case wire.KindModel:
		b = append(b, '{')
		comma := false
		for i, v := range c.props {
			if v.kind == absent {
				continue
			}
			if comma {
				b = append(b, ',')
			}
			comma = true
			b = append(b, '"', props[i], '"', ':')
			b = append(b, v.String()...)
		}
		return append(b, '}')
	}
	return appendError(b, c.code)
}

// String returns the content as JSON.
func (c *content) String() string {
	if c == nil {
		return "nothing"
	}
	return string(c.append(nil))
}

func appendError(b []byte, code string) []byte {
	b = append(b, `{"code":"`...)
	b = append(b, code...)
	return append(b, `","message":"no"}`...)
}

// shows reports whether r is what c is.
func (c *content) shows(r *subs.Resource) bool {
	if r == nil || c == nil || r.Kind() != c.kind {
		return false
	}
	switch c.kind {
	case wire.KindError:
		return codeOf(r.Err()) == c.code
	case wire.KindCollection:
		if r.Len() != len(c.items) {
			return false
		}
		for i, v := range c.items {
			if !v.is(r.At(i)) {
				return false
			}
		}
		return true
	}
	n := 0
	for i, v := range c.props {
		if v.kind == absent {
			continue
		}
		n++
		if !v.is(r.Value(props[i : i+1])) {
			return false
		}
	}
	return r.Len() == n
}

// is reports whether w is what v is.
func (v value) is(w res.Value) bool { return valueOf(w) == v }

// valueOf reads a value of the client's.
func valueOf(w res.Value) value {
	switch w.Kind() {
	case res.Reference:
		return value{reference, int(nameOf(w.RID()))}
	case res.SoftReference:
		return value{soft, int(nameOf(w.RID()))}
	case res.Data:
		n, _ := strconv.Atoi(strings.Trim(w.String(), "[]"))
		return value{data, n}
	case res.Absent:
		return value{}
	}
	n, err := strconv.Atoi(w.Raw())
	if err != nil {
		return value{number, -1} // which no service has
	}
	return value{number, n}
}

// contentOf reads a resource of the client's.
func contentOf(r *subs.Resource) *content {
	c := &content{kind: r.Kind()}
	switch c.kind {
	case wire.KindError:
		c.code = codeOf(r.Err())
	case wire.KindCollection:
		for _, v := range r.Items() {
			c.items = append(c.items, valueOf(v))
		}
	case wire.KindModel:
		for i := range props {
			c.props[i] = valueOf(r.Value(props[i : i+1]))
		}
	}
	return c
}

func codeOf(err error) string {
	var e *res.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
