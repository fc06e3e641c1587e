package conformance_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/resclient/resclient-go/internal/transcript"
	"github.com/resclient/resclient-go/wire"
)

// truth is what the services of a transcript have, by what they said. Query
// resources are not in it: the client and the service name them differently.
type truth struct {
	copies map[string]*content
	query  map[string]bool // get subjects of query resources
}

func newTruth() *truth { return &truth{copies: map[string]*content{}, query: map[string]bool{}} }

func (t *truth) take(l transcript.Line) {
	kind, name, _ := strings.Cut(l.Subject, ".")
	switch {
	case l.Note == "request from the gateway":
		t.query[l.Subject] = t.query[l.Subject] || strings.Contains(l.Text(), `"query"`)
	case kind == "get" && strings.HasPrefix(l.Note, "reply"):
		if t.loaded(name, []byte(l.Whole())); t.query[l.Subject] {
			delete(t.copies, name)
		}
	case kind == "event" && strings.HasPrefix(l.Note, "published"):
		i := strings.LastIndexByte(name, '.')
		t.happened(name[:i], name[i+1:], []byte(l.Text()))
	}
}

// loaded takes in the answer to a get request of the gateway.
func (t *truth) loaded(name string, text []byte) {
	answer := decode[struct {
		Result struct {
			Model      map[string]any
			Collection []any
		}
		Error struct{ Code string }
	}](text)
	switch r := answer.Result; {
	case answer.Error.Code == "system.notFound":
		delete(t.copies, name)
	case r.Model != nil:
		t.copies[name] = &content{model: plainValues(r.Model)}
	case r.Collection != nil:
		t.copies[name] = &content{collection: plainList(r.Collection)}
	}
}

func (t *truth) happened(name, event string, payload []byte) {
	if event == wire.EventDelete {
		delete(t.copies, name)
	} else if data, ok := accepted(event, payload); ok && t.copies[name] != nil {
		t.copies[name].apply(event, data)
	}
}

// accepted returns the payload of an event, if the gateway does not drop it.
func accepted(event string, payload []byte) (data set, ok bool) {
	data, err := parse[set](payload)
	members := decode[map[string]json.RawMessage](payload)
	_, wrapped := members["values"]
	switch {
	case event == wire.EventAdd:
		_, ok = members["value"]
		ok = ok && !isDelete(data.Value)
	case event == wire.EventChange && !wrapped: // as of protocol 1.0
		data.Values, ok = decode[map[string]any](payload), true
	case event == wire.EventChange:
		ok = len(members) == 1
	default:
		ok = true
	}
	for _, v := range data.Values {
		ok = ok && proper(v)
	}
	return data, ok && err == nil && proper(data.Value)
}

// proper reports whether v is a value.
func proper(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return v["rid"] != nil || v["data"] != nil || v["action"] != nil
	case []any:
		return false
	}
	return true
}

// result is the resource set of rid with all that it reaches.
func (t *truth) result(rid string) string {
	models, collections, errs := map[string]any{}, map[string]any{}, map[string]any{}
	for todo := []string{rid}; len(todo) > 0; todo = todo[1:] {
		rid := todo[0]
		if models[rid] != nil || collections[rid] != nil {
			continue
		}
		switch c := t.copies[rid]; {
		case c == nil:
			errs[rid] = map[string]string{"code": "system.notFound", "message": "Not found"}
		case c.model != nil:
			models[rid] = c.model
			todo = append(todo, c.references()...)
		default:
			collections[rid] = c.collection
			todo = append(todo, c.references()...)
		}
	}
	text, err := json.Marshal(map[string]any{"models": models, "collections": collections, "errors": errs})
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(text)
}
