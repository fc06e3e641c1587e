package conn

// spares are things that are used again: as many as one connection has. The next has them
// for certain, while a [sync.Pool] keeps some where another processor does not find them.
type spares[T any] chan T

// put adds one, unless there are enough.
func (s spares[T]) put(one T) {
	select {
	case s <- one:
	default:
	}
}

// take returns one, if there is one.
func (s spares[T]) take() (one T, ok bool) {
	select {
	case one = <-s:
		return one, true
	default:
		return one, false
	}
}
