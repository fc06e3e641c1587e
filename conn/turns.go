package conn

// turns is a queue of turns, in blocks: however many there are, none is ever moved.
type turns struct {
	first, last *turnBlock // nil before there was any
	spare       *turnBlock // the first of those that are used again
	spares      int
}

// sparesKept is how many blocks are used again: enough for what the owner hands over at a time.
const sparesKept = 8

type turnBlock struct {
	turns       [84]turn // which, with the rest, fill 2 KiB
	begin, size int      // those that wait are turns[begin:size]
	next        *turnBlock
}

func (q *turns) empty() bool { return q.first == nil || q.first.begin == q.first.size }

func (q *turns) push(t turn) {
	switch {
	case q.first == nil:
		q.first = new(turnBlock)
		q.last = q.first
	case q.last.size == len(q.last.turns):
		q.last.next = q.block()
		q.last = q.last.next
	}
	q.last.turns[q.last.size] = t
	q.last.size++
}

// pop takes the oldest turn of a queue that is not empty.
func (q *turns) pop() turn {
	b := q.first
	t := b.turns[b.begin]
	b.turns[b.begin] = turn{} // so that nothing is kept alive
	if b.begin++; b.begin < b.size {
		return t
	}
	b.begin, b.size = 0, 0
	if b != q.last {
		q.first = b.next
		q.keep(b)
	}
	return t
}

// keep takes a block to be used again, unless there are enough.
func (q *turns) keep(b *turnBlock) {
	b.next = nil
	if q.spares < sparesKept {
		b.next, q.spare = q.spare, b
		q.spares++
	}
}

func (q *turns) block() *turnBlock {
	b := q.spare
	if b == nil {
		return new(turnBlock)
	}
	q.spare, b.next = b.next, nil
	q.spares--
	return b
}
