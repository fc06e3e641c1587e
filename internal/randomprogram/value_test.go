package randomprogram_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// parseValue reads a value of a program: r3 is a reference to resource 3, s3 a soft
// one, d1 a data value, n1 a number, and x deletes a property.
func (r *run) parseValue(word string) any {
	n, _ := strconv.Atoi(word[min(1, len(word)):]) // zero if it is none
	switch {
	case strings.HasPrefix(word, "r"):
		return res.Ref(r.rid(n))
	case strings.HasPrefix(word, "s"):
		return res.SoftRef(r.rid(n))
	case strings.HasPrefix(word, "d"):
		return res.DataValue[map[string]int]{Data: map[string]int{"n": n}}
	case word == "x":
		return res.DeleteAction
	}
	return n
}

func (r *run) parseValues(words []string) []any {
	values := make([]any, len(words))
	for i, word := range words {
		values[i] = r.parseValue(word)
	}
	return values
}

// parseProperties reads words like a=r3. A new model has no properties to delete.
func (r *run) parseProperties(words []string) map[string]any {
	properties := make(map[string]any, len(words))
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		properties[name] = r.parseValue(value)
	}
	return properties
}

// content is what a resource holds, for comparing.
type content struct {
	kind       wire.Kind
	properties map[string]res.Value
	items      []res.Value
	code       string // of a resource in error
}

// truth returns what the service has; missing is true if that is nothing.
func truth(s *resgatetest.Service, rid string) (c content, missing bool) {
	if properties, ok := s.Model(rid); ok {
		return content{kind: wire.KindModel, properties: properties}, false
	}
	if items, ok := s.Collection(rid); ok {
		return content{kind: wire.KindCollection, items: items}, false
	}
	return content{kind: wire.KindError, code: res.CodeNotFound}, true
}

func contentOf(r *subs.Resource) content {
	c := content{kind: r.Kind()}
	switch c.kind {
	case wire.KindModel:
		c.properties = make(map[string]res.Value, r.Len())
		for name, v := range r.Properties() {
			c.properties[name] = v
		}
	case wire.KindCollection:
		for _, v := range r.Items() {
			c.items = append(c.items, v)
		}
	case wire.KindError:
		c.code = codeOf(r.Err())
	}
	return c
}

func (c content) references(f func(rid string)) {
	for _, v := range c.properties {
		if v.IsReference() {
			f(v.RID())
		}
	}
	for _, v := range c.items {
		if v.IsReference() {
			f(v.RID())
		}
	}
}

// String is the same for the same contents.
func (c content) String() string {
	var words []string
	for name, v := range c.properties {
		words = append(words, name+":"+v.Raw())
	}
	slices.Sort(words)
	for _, v := range c.items {
		words = append(words, v.Raw())
	}
	switch c.kind {
	case wire.KindModel:
		return "{" + strings.Join(words, " ") + "}"
	case wire.KindCollection:
		return "[" + strings.Join(words, " ") + "]"
	}
	return fmt.Sprintf("error %s", c.code)
}
