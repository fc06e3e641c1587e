package wire_test

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// What follows writes what the package reads, so that tests can read it again.

func encodeSet(set wire.Set) []byte { return encodeObject(setMembers(set)) }

func encodeChange(change wire.Change) []byte {
	return encodeObject(append(setMembers(change.Set), member("values", encodeModel(change.Values))))
}

func encodeAdd(add wire.Add) []byte {
	return encodeObject(append(setMembers(add.Set), member("value", add.Value.JSON()), member("idx", fmt.Append(nil, add.Index))))
}

func encodeCallResult(result wire.CallResult) []byte {
	if result.Payload != nil {
		return encodeObject([][]byte{member("payload", result.Payload)})
	}
	return encodeObject(append(setMembers(result.Set), member("rid", quote(result.RID))))
}

func encodeError(e *res.Error) []byte {
	members := [][]byte{member("code", quote(e.Code)), member("message", quote(e.Message))}
	if e.Data != nil {
		members = append(members, member("data", e.Data))
	}
	return encodeObject(members)
}

func encodeMessage(m wire.Message) []byte {
	var members [][]byte
	switch m := m.(type) {
	case *wire.Response:
		members = append(members, member("id", fmt.Append(nil, m.ID)))
		if m.Result != nil {
			members = append(members, member("result", m.Result))
		}
		if m.Error != nil {
			members = append(members, member("error", encodeError(m.Error)))
		}
	case *wire.Event:
		members = append(members, member("event", quote(m.RID+"."+m.Name)))
		if m.Data != nil {
			members = append(members, member("data", m.Data))
		}
	}
	return encodeObject(members)
}

func setMembers(set wire.Set) [][]byte {
	groups := map[wire.Kind][][]byte{}
	for _, r := range set.Resources {
		var text []byte
		switch r.Kind {
		case wire.KindModel:
			text = encodeModel(r.Model)
		case wire.KindCollection:
			text = encodeCollection(r.Collection)
		case wire.KindError:
			text = encodeError(r.Error)
		}
		groups[r.Kind] = append(groups[r.Kind], member(r.RID, text))
	}
	var members [][]byte
	for kind := wire.KindError; kind >= wire.KindModel; kind-- {
		if group := groups[kind]; group != nil {
			members = append(members, member(kind.String()+"s", encodeObject(group)))
		}
	}
	return members
}

func encodeModel(properties []wire.Property) []byte {
	var members [][]byte
	for _, p := range properties {
		members = append(members, member(p.Name, p.Value.JSON()))
	}
	return encodeObject(members)
}

func encodeCollection(values []res.Value) []byte {
	var items []string
	for _, v := range values {
		items = append(items, v.Raw())
	}
	return []byte("[" + strings.Join(items, ",") + "]")
}

func encodeObject(members [][]byte) []byte {
	return append(append([]byte{'{'}, bytes.Join(members, []byte{','})...), '}')
}

func member(name string, text []byte) []byte {
	return append(append(quote(name), ':'), text...)
}

func quote(text string) []byte {
	quoted, _ := jsontext.AppendQuote(nil, text)
	return quoted
}
