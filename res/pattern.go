package res

import "strings"

// Pattern selects resources by name. It is a resource name in which the part
// '*' stands for exactly one part, and '>' as the last part for one or more.
type Pattern string

// Check returns a [*RIDError] unless p is a valid pattern.
func (p Pattern) Check() error {
	if reason := p.check(); reason != "" {
		return &RIDError{What: "pattern", Value: string(p), Reason: reason}
	}
	return nil
}

func (p Pattern) check() string {
	for rest, more := string(p), true; more; {
		var part string
		part, rest, more = strings.Cut(rest, ".")
		switch {
		case part == "*", part == ">" && !more:
		case part == ">":
			return "'>' is not the last part"
		default:
			if reason := checkPart(part); reason != "" {
				return reason
			}
		}
	}
	return checkLength(string(p))
}

// Matches reports whether the resource name, without query, is one that p
// selects. A pattern that is not valid matches nothing that is valid.
func (p Pattern) Matches(name string) bool {
	pattern := string(p)
	for {
		if pattern == ">" {
			return !strings.HasPrefix(name, ".") && name != ""
		}
		want, restPattern, morePattern := strings.Cut(pattern, ".")
		part, restName, moreName := strings.Cut(name, ".")
		if part == "" || want != "*" && want != part || morePattern != moreName {
			return false
		}
		if !moreName {
			return true
		}
		pattern, name = restPattern, restName
	}
}
