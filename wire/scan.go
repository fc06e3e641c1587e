package wire

import (
	"strings"

	"github.com/resclient/resclient-go/res"
)

// Scanned is a message that a [Scanner] has read. Its strings are part of the text
// that was scanned.
type Scanned struct {
	Event string // its name; "" for an answer
	RID   string // of an event
	ID    uint64 // of an answer

	Values  []Property // of a change event, as in Change
	Index   int        // of an add or remove event
	Value   res.Value  // of an add event
	Set     Set        // that came with it; of an answer, its result
	Payload string     // JSON of a custom event
}

// Scanner reads the messages that a feed is made of, change, add, remove and custom events
// and answers to subscribe and get requests, many times as fast as [Parse] does,
// in one pass and without allocating. It knows them only in the spelling that
// Resgate gives them, without white space, with sorted names. What it does not know
// is for Parse.
//
// The slices of what it returns are good until [Scanner.Reset]. The zero Scanner is
// ready to be used.
type Scanner struct {
	text string
	at   int // text[:at] has been read

	// Room for what is returned, used again after a Reset.
	properties []Property
	values     []res.Value
	resources  []Resource
}

// Reset lets the scanner use its room again. It keeps no text alive, and no more room
// than for 2,048 properties, values and resources each.
func (s *Scanner) Reset() {
	s.text = ""
	s.properties, s.values, s.resources = emptied(s.properties), emptied(s.values), emptied(s.resources)
}

// roomKept is how much room is used again.
const roomKept = 2048

func emptied[T any](room []T) []T {
	if cap(room) > roomKept {
		return nil
	}
	clear(room)
	return room[:0]
}

// Scan reads a message. It returns false for what it does not know: that may be a
// message, and may be none.
func (s *Scanner) Scan(text string, m *Scanned) bool {
	s.text, s.at = text, 0
	*m = Scanned{}
	switch {
	case s.skip(`{"event":"`):
		return s.event(m) && s.skip(`}`) && s.at == len(text)
	case s.skip(`{"result":{`):
		return s.set(&m.Set, '}') && s.skip(`,"id":`) && s.number(&m.ID) && s.skip(`}`) && s.at == len(text)
	}
	return false
}

// event reads what follows the beginning of an event, but for its last brace.
func (s *Scanner) event(m *Scanned) bool {
	full, ok := s.plain()
	if !ok {
		return false
	}
	dot := strings.LastIndexByte(full, '.')
	if dot <= 0 || dot == len(full)-1 || !s.skip(`,"data":`) {
		return false
	}
	m.RID, m.Event = full[:dot], full[dot+1:]
	switch m.Event {
	case EventChange:
		return s.skip(`{"values":{`) && s.model(&m.Values, true) && s.more(&m.Set)
	case EventAdd:
		return s.skip(`{"idx":`) && s.index(&m.Index) && s.skip(`,"value":`) && s.value(&m.Value, false) && s.more(&m.Set)
	case EventRemove:
		return s.skip(`{"idx":`) && s.index(&m.Index) && s.skip(`}`)
	case EventDelete, EventUnsubscribe:
		return false
	}
	begin := s.at
	ok = s.any()
	m.Payload = s.text[begin:s.at]
	return ok
}

// more reads the end of an object, before which there may be a resource set.
func (s *Scanner) more(set *Set) bool {
	return s.skip(`}`) || s.skip(`,`) && s.set(set, 0)
}

// set reads the members of an object that are a resource set, and its end. The
// object may be empty if empty is its end.
func (s *Scanner) set(set *Set, empty byte) bool {
	if empty != 0 && s.skipByte(empty) {
		return true
	}
	first := len(s.resources)
	for {
		switch {
		case s.skip(`"models":{`):
			if !s.resourcesOf(KindModel) {
				return false
			}
		case s.skip(`"collections":{`):
			if !s.resourcesOf(KindCollection) {
				return false
			}
		default:
			return false
		}
		if s.skipByte('}') {
			if len(s.resources) > first {
				set.Resources = s.resources[first:len(s.resources):len(s.resources)]
				set.sort()
			}
			return true
		}
		if !s.skipByte(',') {
			return false
		}
	}
}

// resourcesOf reads resources of a kind, and the brace after them.
func (s *Scanner) resourcesOf(kind Kind) bool {
	if s.skipByte('}') {
		return true
	}
	for {
		r := Resource{Kind: kind}
		if !s.name(&r.RID) {
			return false
		}
		if kind == KindModel {
			if !s.skipByte('{') || !s.model(&r.Model, false) {
				return false
			}
		} else if !s.skipByte('[') || !s.collection(&r.Collection) {
			return false
		}
		s.resources = append(s.resources, r)
		if s.skipByte('}') {
			return true
		}
		if !s.skipByte(',') {
			return false
		}
	}
}

// model reads properties, sorted, and the brace after them.
func (s *Scanner) model(properties *[]Property, mayDelete bool) bool {
	if s.skipByte('}') {
		return true
	}
	first := len(s.properties)
	for before := ""; ; {
		var p Property
		if !s.name(&p.Name) || !s.value(&p.Value, mayDelete) {
			return false
		}
		if p.Name <= before && len(s.properties) > first {
			return false
		}
		s.properties = append(s.properties, p)
		before = p.Name
		if s.skipByte('}') {
			*properties = s.properties[first:len(s.properties):len(s.properties)]
			return true
		}
		if !s.skipByte(',') {
			return false
		}
	}
}

// collection reads items, and the bracket after them.
func (s *Scanner) collection(items *[]res.Value) bool {
	if s.skipByte(']') {
		return true
	}
	first := len(s.values)
	for {
		var v res.Value
		if !s.value(&v, false) {
			return false
		}
		s.values = append(s.values, v)
		if s.skipByte(']') {
			*items = s.values[first:len(s.values):len(s.values)]
			return true
		}
		if !s.skipByte(',') {
			return false
		}
	}
}

// name reads the name of a member, and the colon.
func (s *Scanner) name(name *string) (ok bool) {
	if !s.skipByte('"') {
		return false
	}
	*name, ok = s.plain()
	return ok && s.skipByte(':')
}

// plain reads the rest of a string that is spelled without escapes.
func (s *Scanner) plain() (string, bool) {
	begin := s.at
	escaped, ok := s.string()
	if !ok || escaped {
		return "", false
	}
	return s.text[begin : s.at-1], true
}

// value reads a RES value.
func (s *Scanner) value(v *res.Value, mayDelete bool) bool {
	begin := s.at
	switch s.peek() {
	case '{':
		return s.object(v, mayDelete)
	case '[':
		return false
	}
	kind := s.primitive()
	*v = res.NewValue(kind, s.text[begin:s.at])
	return kind != res.Absent
}

// object reads a value that is an object.
func (s *Scanner) object(v *res.Value, mayDelete bool) bool {
	switch {
	case s.skip(`{"rid":"`):
		rid, ok := s.plain()
		if !ok || rid == "" {
			return false
		}
		kind := res.Reference
		if s.skip(`,"soft":true`) {
			kind = res.SoftReference
		}
		*v = res.NewValue(kind, rid)
	case s.skip(`{"data":`):
		begin := s.at
		if c := s.peek(); c != '{' && c != '[' || !s.any() {
			return false
		}
		*v = res.NewValue(res.Data, s.text[begin:s.at])
	case mayDelete && s.skip(`{"action":"delete"`):
		*v = res.NewValue(res.Delete, "")
	default:
		return false
	}
	return s.skipByte('}')
}
