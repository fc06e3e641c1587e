package simulation

import "slices"

// sweep drops e, and what only e reaches, when nothing holds it any more: no direct
// subscription, and no reference from outside of what would go with it. What is held
// only by references which the client was never sent becomes unsent.
func (e *entry) sweep() {
	if e.direct > 0 {
		return
	}
	s := &sweeper{}
	if e.state == sent {
		s.sentEach = 1
	}
	s.mark(e)
	root := s.marks[0]
	if root.indirect > 0 && !(s.sentEach == 1 && root.sentRefs == 0) {
		return
	}
	s.judge(e, false)
	if s.lost {
		e.conn.gateway.crash()
		return
	}
	ahead := s.ahead()
	for _, m := range s.marks {
		switch m.fate {
		case dropIt:
			e.conn.forget(m.entry, ahead)
		case unsendIt:
			m.entry.unsend()
		}
	}
}

// ahead reports whether an event of what is to be dropped waits: then that may be because
// of references that the client has not been told of.
func (s *sweeper) ahead() bool {
	return slices.ContainsFunc(s.marks, func(m mark) bool { return m.fate == dropIt && len(m.entry.begun) > 0 })
}

type fate uint8

const (
	undecided fate = iota
	dropIt
	keepIt
	unsendIt
)

// mark holds the references of an entry that do not come from the entries being
// looked at.
type mark struct {
	entry              *entry
	indirect, sentRefs int
	fate               fate
}

type sweeper struct {
	sentEach int // 1 when the entry swept is sent: each of its references counts as sent
	marks    []mark
	lost     bool // on its way to what has no mark
}

// find returns where the mark of e is. The gateway goes by the names: what has
// been dropped by its slip, and is still referred to, it takes for the entry that has the name
// now, if it comes across both.
func (s *sweeper) find(e *entry) int {
	return slices.IndexFunc(s.marks, func(m mark) bool { return m.entry.name == e.name })
}

// mark walks from e to all entries that have no direct subscription and takes the
// references on the way from their counts. A count of direct subscriptions may be
// below 0: a get whose access is refused gives one back, even if an unsubscribe has
// taken it meanwhile.
func (s *sweeper) mark(e *entry) {
	s.marks = append(s.marks, mark{entry: e, indirect: e.indirect, sentRefs: e.sentRefs})
	for _, r := range e.refs {
		if r.entry.direct > 0 {
			continue
		}
		if s.find(r.entry) < 0 {
			s.mark(r.entry)
		}
		m := &s.marks[s.find(r.entry)]
		m.indirect--
		m.sentRefs -= s.sentEach
	}
}

// judge decides what becomes of e and of what it reaches. What something kept refers
// to is kept. It may come to what an entry refers to that has its mark from another one
// with its name, and so has none.
func (s *sweeper) judge(e *entry, kept bool) {
	i := s.find(e)
	if i < 0 {
		s.lost = true
		return
	}
	m := &s.marks[i]
	switch {
	case m.fate >= keepIt:
		return
	case kept || m.indirect > 0:
		m.fate = keepIt
		if s.sentEach == 1 && m.sentRefs == 0 {
			m.fate = unsendIt
		}
		kept = true
	case m.fate == dropIt:
		return
	default:
		m.fate = dropIt
	}
	for _, r := range e.refs {
		if r.entry.direct <= 0 {
			s.judge(r.entry, kept)
		}
	}
}
