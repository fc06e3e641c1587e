package subs

// Limits bound a [Queue]. What ends a folding must have room, so less than 4 events
// count as 4, and less than 256 bytes as 256.
type Limits struct {
	Events int // how many events may wait
	Bytes  int // how many bytes they may take, roughly; a single event may take more
}

// resumeEvents is how many events end a folding at most: a Lag, a Sync, what made
// the resource stale, and a Stale.
const resumeEvents = 4

// Queue holds the events that a handle's consumer has not read yet. A queue that
// overflows is emptied and folds: it counts what comes, and keeps none of it,
// until the consumer, on reading, asks for the resource as it is then and the
// answer, a Sync with the reason [SyncLag], is pushed.
//
// The zero Queue folds everything; make one with [NewQueue]. A Queue is not safe
// for concurrent use.
type Queue struct {
	limits    Limits
	events    []Event
	head      int // events[:head] have been read
	bytes     int
	expanding *expansion // the event being read, if it stands for several
	folding   bool
	folded    Lag // what was folded since
}

// NewQueue returns an empty queue with the given limits.
func NewQueue(limits Limits) *Queue {
	limits.Events = max(limits.Events, resumeEvents)
	limits.Bytes = max(limits.Bytes, resumeEvents*eventSize)
	return &Queue{limits: limits}
}

// Push adds an event.
func (q *Queue) Push(ev Event) {
	if q.folding && !q.resumes(ev) {
		q.fold(ev)
		return
	}
	if n := ev.size(); q.Len() < q.limits.Events && (q.bytes+n <= q.limits.Bytes || q.Len() == 0) {
		q.bytes += n
		q.events = append(q.events, ev)
		return
	}
	if q.expanding != nil {
		q.fold(q.expanding.resync)
	}
	for _, waiting := range q.events[q.head:] {
		q.fold(waiting)
	}
	q.fold(ev)
	q.events, q.head, q.bytes, q.expanding, q.folding = nil, 0, 0, nil, true
}

// resumes reports whether ev is the Sync that ends the folding, and if so ends it.
func (q *Queue) resumes(ev Event) bool {
	s, ok := ev.(*Sync)
	if !ok || s.Reason != SyncLag {
		return false
	}
	lag := q.folded
	lag.subject = subject{s.RID()}
	q.folding, q.folded = false, Lag{}
	q.events, q.bytes = append(q.events, &lag), eventSize
	return true
}

func (q *Queue) fold(ev Event) {
	q.folded.Events++
	if _, custom := ev.(*Custom); custom {
		q.folded.Custom++
	}
}

// Len returns how many events wait. What a resource missed while it was stale counts
// as one, and no more once reading it has begun.
func (q *Queue) Len() int { return len(q.events) - q.head }

// Idle reports whether the queue is as good as new: nothing waits, and it does not fold.
func (q *Queue) Idle() bool { return q.Len() == 0 && q.expanding == nil && !q.folding }

// Folding reports whether the consumer must ask for the resource before it can go on.
func (q *Queue) Folding() bool { return q.folding }

// Prepare returns the work that Pop would have to do for the next event, nil for
// none. The difference of a long collection takes a while, and can so be found
// outside of the lock that guards the queue: the work touches nothing of the queue.
// Only whoever calls Pop may do it.
func (q *Queue) Prepare() (work func()) {
	if q.expanding != nil || q.Len() == 0 {
		return nil
	}
	r, several := q.events[q.head].(*resync)
	if !several || r.prepared != nil {
		return nil
	}
	return func() { r.prepared = expand(r) }
}

// Pop takes the oldest event; ok is false when there is none.
func (q *Queue) Pop() (ev Event, ok bool) {
	if q.expanding == nil {
		if q.Len() == 0 {
			return nil, false
		}
		ev := q.take()
		r, several := ev.(*resync)
		if !several {
			return ev, true
		}
		q.expanding = expand(r)
	}
	ev, last := q.expanding.next()
	if last {
		q.expanding = nil
	}
	return ev, true
}

// take takes the oldest entry. Read entries are let go, and their room is used again.
func (q *Queue) take() Event {
	ev := q.events[q.head]
	q.events[q.head] = nil
	q.head++
	q.bytes -= ev.size()
	if q.head == len(q.events) {
		q.events, q.head = q.events[:0], 0
	} else if q.head > len(q.events)/2 && q.head >= 32 {
		n := copy(q.events, q.events[q.head:])
		clear(q.events[n:])
		q.events, q.head = q.events[:n], 0
	}
	return ev
}

// Clear drops everything that waits, for a handle that was closed.
func (q *Queue) Clear() { *q = Queue{limits: q.limits} }
