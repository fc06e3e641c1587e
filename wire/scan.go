package wire

import (
	"bytes"
	"math"
	"slices"

	"github.com/resclient/resclient-go/res"
)

// Place is a part of a text.
type Place struct {
	Begin, End uint32 // as in text[Begin:End]
}

// In returns that part.
func (p Place) In(text []byte) []byte { return text[p.Begin:p.End] }

// PlacedValue is a value whose [res.Value.Text] is a part of a text.
type PlacedValue struct {
	Kind res.ValueKind // what it is
	Text Place         // where its text is
}

// PlacedProperty is a [Property] whose name and value are parts of a text.
type PlacedProperty struct {
	Name  Place       // of the property
	Value PlacedValue // as in Property
}

// ScannedKind says what a [Scanner] has read.
type ScannedKind uint8

// What a scanner reads.
const (
	ScannedAnswer ScannedKind = 1 + iota // to a subscribe or get request
	ScannedModel                         // such an answer that holds one model, and nothing else
	ScannedChange                        // a change event
	ScannedAdd                           // an add event
	ScannedRemove                        // a remove event
	ScannedCustom                        // an event of a service's own
)

// Scanned is a message that a [Scanner] has read from a text. It says where in that
// things are: so it takes little, and nothing is made that nobody may want.
type Scanned struct {
	Kind ScannedKind // what it is
	RID  Place       // of an event, or of the one model
	ID   uint64      // of an answer

	Values  []PlacedProperty // of a change event, as in Change; of the one model
	Model   Place            // JSON of the one model
	Index   int              // of an add or remove event
	Value   PlacedValue      // of an add event
	Set     Set              // that came with it; of an answer, its result. It is a copy
	Name    Place            // of an event
	Payload Place            // JSON of a custom event
}

// Scanner reads the messages that a feed is made of, change, add, remove and custom events
// and answers to subscribe and get requests, many times as fast as [Parse] does,
// in one pass and without allocating, but for sets. It knows them only in the spelling
// that Resgate gives them, without white space, with sorted names. What it does not know
// is for Parse.
//
// The slices of what it returns are good until [Scanner.Reset]. The zero Scanner is
// ready to be used.
type Scanner struct {
	text   []byte
	at     int    // text[:at] has been read
	copied string // text, if anything of it was made a string

	// Room for what is returned, used again after a Reset.
	placed     []PlacedProperty
	properties []Property
	values     []res.Value
	resources  []Resource
}

// Reset lets the scanner use its room again. It keeps no text alive, and no more room
// than for 2,048 properties, values and resources each.
func (s *Scanner) Reset() {
	s.text, s.copied = nil, ""
	if s.placed = s.placed[:0]; cap(s.placed) > roomKept {
		s.placed = nil
	}
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
func (s *Scanner) Scan(text []byte, m *Scanned) bool {
	s.text, s.at, s.copied = text, 0, ""
	*m = Scanned{}
	switch {
	case len(text) > math.MaxInt32:
		return false // there are no places for it
	case s.skip(`{"event":"`):
		return s.event(m) && s.skip(`}`) && s.at == len(text)
	case s.skip(`{"result":{`):
		return s.result(m) && s.skip(`,"id":`) && s.number(&m.ID) && s.skip(`}`) && s.at == len(text)
	}
	return false
}

// result reads a resource set, and its end. Most hold one model.
func (s *Scanner) result(m *Scanned) bool {
	begin, placed := s.at, len(s.placed)
	if s.skip(`"models":{`) && s.name(&m.RID) {
		model := s.at
		if s.skipByte('{') && s.placedModel(&m.Values, false) {
			m.Kind, m.Model = ScannedModel, s.since(model)
			if s.skip(`}}`) {
				return true
			}
		}
	}
	s.at, s.placed = begin, s.placed[:placed]
	*m = Scanned{Kind: ScannedAnswer}
	return s.set(&m.Set, '}')
}

// ModelIn returns the one model of an answer. It keeps nothing of text, which is what was
// scanned.
func (m *Scanned) ModelIn(text []byte) Resource {
	copied := string(text)
	at := func(p Place) string { return copied[p.Begin:p.End] }
	r := Resource{RID: at(m.RID), Kind: KindModel}
	for _, v := range m.Values {
		r.Model = append(r.Model, Property{Name: at(v.Name), Value: res.NewValue(v.Value.Kind, at(v.Value.Text))})
	}
	return r
}

// since returns the place from begin to what was read last.
func (s *Scanner) since(begin int) Place { return Place{uint32(begin), uint32(s.at)} }

// string returns a part of the text as a string. The text is copied once.
func (s *Scanner) string(p Place) string {
	if s.copied == "" {
		s.copied = string(s.text)
	}
	return s.copied[p.Begin:p.End]
}

// event reads what follows the beginning of an event, but for its last brace.
func (s *Scanner) event(m *Scanned) bool {
	full, ok := s.plain()
	if !ok {
		return false
	}
	dot := full.Begin + uint32(max(0, bytes.LastIndexByte(full.In(s.text), '.')))
	if dot == full.Begin || dot+1 == full.End || !s.skip(`,"data":`) {
		return false
	}
	m.RID, m.Name = Place{full.Begin, dot}, Place{dot + 1, full.End}
	switch string(m.Name.In(s.text)) {
	case EventChange:
		m.Kind = ScannedChange
		return s.skip(`{"values":{`) && s.placedModel(&m.Values, true) && s.more(&m.Set)
	case EventAdd:
		m.Kind = ScannedAdd
		return s.skip(`{"idx":`) && s.index(&m.Index) && s.skip(`,"value":`) && s.value(&m.Value, false) && s.more(&m.Set)
	case EventRemove:
		m.Kind = ScannedRemove
		return s.skip(`{"idx":`) && s.index(&m.Index) && s.skip(`}`)
	case EventDelete, EventUnsubscribe:
		return false
	}
	m.Kind = ScannedCustom
	begin := s.at
	ok = s.any()
	m.Payload = s.since(begin)
	return ok
}

// placedModel reads properties, sorted by name, and the brace after them.
func (s *Scanner) placedModel(values *[]PlacedProperty, mayDelete bool) bool {
	first := len(s.placed)
	if s.skipByte('}') {
		return true
	}
	for before := []byte(nil); ; {
		var p PlacedProperty
		if !s.name(&p.Name) || !s.value(&p.Value, mayDelete) {
			return false
		}
		name := p.Name.In(s.text)
		if len(s.placed) > first && bytes.Compare(name, before) <= 0 {
			return false
		}
		s.placed, before = append(s.placed, p), name
		if s.skipByte('}') {
			*values = s.placed[first:len(s.placed):len(s.placed)]
			return true
		}
		if !s.skipByte(',') {
			return false
		}
	}
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
		var rid Place
		if !s.name(&rid) {
			return false
		}
		r := Resource{Kind: kind, RID: s.string(rid)}
		if kind == KindModel {
			if !s.skipByte('{') || !s.model(&r.Model) {
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
func (s *Scanner) model(properties *[]Property) bool {
	if s.skipByte('}') {
		return true
	}
	first := len(s.properties)
	for before := ""; ; {
		var name Place
		var value PlacedValue
		if !s.name(&name) || !s.value(&value, false) {
			return false
		}
		p := Property{Name: s.string(name), Value: s.made(value)}
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
		var v PlacedValue
		if !s.value(&v, false) {
			return false
		}
		if len(s.values) == cap(s.values) {
			s.values = slices.Grow(s.values, max(16, len(s.values))) // append grows long lists by little
		}
		s.values = append(s.values, s.made(v))
		if s.skipByte(']') {
			*items = s.values[first:len(s.values):len(s.values)]
			return true
		}
		if !s.skipByte(',') {
			return false
		}
	}
}

// made returns a value with a text of its own.
func (s *Scanner) made(v PlacedValue) res.Value { return res.NewValue(v.Kind, s.string(v.Text)) }

// name reads the name of a member, and the colon.
func (s *Scanner) name(name *Place) (ok bool) {
	if !s.skipByte('"') {
		return false
	}
	*name, ok = s.plain()
	return ok && s.skipByte(':')
}

// plain reads the rest of a string that is spelled without escapes.
func (s *Scanner) plain() (Place, bool) {
	begin := s.at
	escaped, ok := s.quoted()
	if !ok || escaped {
		return Place{}, false
	}
	return Place{uint32(begin), uint32(s.at - 1)}, true
}

// value reads a RES value.
func (s *Scanner) value(v *PlacedValue, mayDelete bool) bool {
	begin := s.at
	switch s.peek() {
	case '{':
		return s.object(v, mayDelete)
	case '[':
		return false
	}
	v.Kind = s.primitive()
	v.Text = s.since(begin)
	return v.Kind != res.Absent
}

// object reads a value that is an object.
func (s *Scanner) object(v *PlacedValue, mayDelete bool) bool {
	switch {
	case s.skip(`{"rid":"`):
		rid, ok := s.plain()
		if !ok || rid.Begin == rid.End {
			return false
		}
		*v = PlacedValue{res.Reference, rid}
		if s.skip(`,"soft":true`) {
			v.Kind = res.SoftReference
		}
	case s.skip(`{"data":`):
		begin := s.at
		if c := s.peek(); c != '{' && c != '[' || !s.any() {
			return false
		}
		*v = PlacedValue{res.Data, s.since(begin)}
	case mayDelete && s.skip(`{"action":"delete"`):
		*v = PlacedValue{Kind: res.Delete}
	default:
		return false
	}
	return s.skipByte('}')
}
