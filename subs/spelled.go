package subs

import (
	"strings"

	"github.com/resclient/resclient-go/res"
)

// isSpelled reports whether text, which is JSON without white space of a model with so many
// properties, is what r is, word by word. It may say no of some that are: what was loaded
// again and has not changed needs so little more than one look at its text.
func (r *Resource) isSpelled(text []byte, properties int) bool {
	if r.body == nil || !r.body.plain || len(r.body.names) != properties {
		return false
	}
	rest := spelling{text}
	for i, name := range r.body.names {
		v := r.packed.at(i, properties)
		if i == 0 && !rest.cut("{") || i > 0 && !rest.cut(",") || !rest.cutName(name) || !rest.cutValue(v) {
			return false
		}
	}
	return properties > 0 && string(rest.text) == "}"
}

// spelling is JSON of which some was looked at.
type spelling struct{ text []byte }

func (s *spelling) cut(word string) bool {
	if len(s.text) < len(word) || string(s.text[:len(word)]) != word {
		return false
	}
	s.text = s.text[len(word):]
	return true
}

// cutName cuts the name of a member, which is plain.
func (s *spelling) cutName(name string) bool { return s.cut(`"`) && s.cut(name) && s.cut(`":`) }

func (s *spelling) cutValue(v res.Value) bool {
	switch v.Kind() {
	case res.Null, res.Bool, res.Number, res.String:
		return s.cut(v.Text())
	case res.Reference:
		return isPlain(v.Text()) && s.cut(`{"rid":"`) && s.cut(v.Text()) && s.cut(`"}`)
	}
	return false
}

// isPlain reports whether a text stands for itself within a JSON string, and does not end it.
func isPlain(text string) bool { return !strings.ContainsAny(text, `"\\`) }
