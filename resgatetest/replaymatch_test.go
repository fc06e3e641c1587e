package resgatetest_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// fill puts the names known so far in place of placeholders.
func (p *player) fill(text string) string {
	if len(text) > 1<<20 {
		return text
	}
	return placeholder.ReplaceAllStringFunc(text, func(name string) string {
		if known, ok := p.names[name]; ok {
			return known
		}
		return name
	})
}

func (p *player) pattern(want string) *regexp.Regexp {
	quoted := regexp.QuoteMeta(p.fill(want))
	return regexp.MustCompile("^(?s)" + placeholder.ReplaceAllString(quoted, `([^"\n]+?)`) + "$")
}

// same compares messages, and learns the names for placeholders. What is not
// the same byte by byte may still be the same JSON, and the texts that Go's
// JSON decoder makes of wrong types name those types.
func (p *player) same(want, got string) (same, exact bool) {
	if p.match(want, got) {
		return true, true
	}
	return p.match(canonical(want), canonical(got)), false
}

func (p *player) match(want, got string) bool {
	if want == got {
		return true
	}
	if !placeholder.MatchString(want) {
		return false
	}
	m := p.pattern(want).FindStringSubmatch(got)
	if m == nil {
		return false
	}
	for i, name := range placeholder.FindAllString(p.fill(want), -1) {
		if strings.HasPrefix(name, "<CID") {
			p.names[name] = m[i+1]
		}
	}
	return true
}

// canonical sorts the members of objects, and leaves out the names of Go
// types.
func canonical(text string) string {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var x any
	if d.Decode(&x) != nil {
		return text
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(x) != nil {
		return text
	}
	return goTypes.ReplaceAllString(b.String(), "$1")
}
