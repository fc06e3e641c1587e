package resgatetest

import (
	"slices"
	"strconv"
)

// NormalizeQuery makes name a query resource whose queries are the same when
// f makes the same of them. The content of each normal form is set with
// SetModel or SetCollection of the name, a question mark and the normal form.
func (s *Service) NormalizeQuery(name string, f func(query string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.normal[name] = f
}

// queryLog remembers the latest query events, for the gateway asks what they
// are about.
type queryLog struct {
	next   int
	recent []queryEvents
}

type queryEvents struct {
	subject string
	query   string
	events  []serviceEvent
}

const queryLogSize = 1000

func (l *queryLog) add(rid string, events []serviceEvent) (subject string) {
	_, query := splitRID(rid)
	l.next++
	subject = "query." + strconv.Itoa(l.next)
	if len(l.recent) == queryLogSize {
		l.recent = slices.Delete(l.recent, 0, 1)
	}
	l.recent = append(l.recent, queryEvents{subject, query, events})
	return subject
}

// about gives the events of a query event for one query.
func (l *queryLog) about(subject, query string) (events []serviceEvent, known bool) {
	for _, q := range l.recent {
		if q.subject == subject {
			if q.query == query {
				events = q.events
			}
			return events, true
		}
	}
	return nil, false
}

// stateOf finds what a query leads to: a resource of its own, with the normal
// form, or the one without query.
func (s *Service) stateOf(name, query string) (r *stored, normal string) {
	if query == "" {
		return s.resources[name], ""
	}
	normal = query
	if f := s.normal[name]; f != nil {
		normal = f(query)
	}
	if r := s.resources[name+"?"+normal]; r != nil {
		return r, normal
	}
	return s.resources[name], ""
}
