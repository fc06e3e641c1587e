package conn

// spares are things that are used again: as many as one connection has. The next finds them,
// unless the goroutines of the one before have not ended yet, while a [sync.Pool] keeps some
// where another processor does not find them, and gives up what rests.
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
