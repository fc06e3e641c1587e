package resgatetest

// sweep drops e, and what only e reaches, when nothing holds it any more: no
// direct subscription, and no reference from outside of what would go with
// it. What is held only by references which the client was never sent becomes
// unsent.
func (e *entry) sweep() {
	if e.direct > 0 {
		return
	}
	s := &sweeper{marks: make(map[*entry]*mark)}
	if e.state == sent {
		s.sentEach = 1
	}
	s.mark(e)
	root := s.marks[e]
	if root.indirect > 0 && !(s.sentEach == 1 && root.sentRefs == 0) {
		return
	}
	s.judge(e, false)
	for e, m := range s.marks {
		switch m.fate {
		case drop:
			e.drop()
			e.conn.forget(e)
		case unsend:
			e.unsend()
		}
	}
}

type fate uint8

const (
	undecided fate = iota
	drop
	keep
	unsend
)

// mark holds the references of an entry that do not come from the entries
// being looked at.
type mark struct {
	indirect, sentRefs int
	fate               fate
}

type sweeper struct {
	sentEach int // 1 when the entry swept is sent: each of its references counts as sent
	marks    map[*entry]*mark
}

// mark walks from e to all entries that have no direct subscription and takes
// the references on the way from their counts. A count of direct subscriptions
// may be below 0: a get whose access is refused gives one back, even if an
// unsubscribe has taken it meanwhile.
func (s *sweeper) mark(e *entry) {
	s.marks[e] = &mark{indirect: e.indirect, sentRefs: e.sentRefs}
	for _, r := range e.refs {
		to := r.entry
		if to.direct > 0 {
			continue
		}
		if s.marks[to] == nil {
			s.mark(to)
		}
		s.marks[to].indirect--
		s.marks[to].sentRefs -= s.sentEach
	}
}

// judge decides what becomes of e and of what it reaches. What something kept
// refers to is kept.
func (s *sweeper) judge(e *entry, kept bool) {
	m := s.marks[e]
	switch {
	case m.fate >= keep:
		return
	case kept || m.indirect > 0:
		m.fate = keep
		if s.sentEach == 1 && m.sentRefs == 0 {
			m.fate = unsend
		}
		kept = true
	case m.fate == drop:
		return
	default:
		m.fate = drop
	}
	for _, r := range e.refs {
		if r.entry.direct <= 0 {
			s.judge(r.entry, kept)
		}
	}
}
