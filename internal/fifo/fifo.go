package fifo

// List is such a list. The zero List is empty.
type List[T any] struct {
	list  []T
	begin int // list[:begin] was taken
}

// roomKept is for how many items room is kept when there are none.
const roomKept = 2048

// Items returns what is in the list, to be read and changed in place, until it is added to.
func (l *List[T]) Items() []T { return l.list[l.begin:] }

// Len returns how many items there are.
func (l *List[T]) Len() int { return len(l.list) - l.begin }

// Push adds an item at the end. When there is no room there, what is in the list is moved to
// the beginning, which is cheaper than a longer list, unless little was taken from there.
func (l *List[T]) Push(item T) {
	if len(l.list) == cap(l.list) && l.begin > len(l.list)/8 {
		n := copy(l.list, l.Items())
		clear(l.list[n:])
		l.list, l.begin = l.list[:n], 0
	}
	l.list = append(l.list, item)
}

// Shift takes the first item of a list that is not empty.
func (l *List[T]) Shift() T {
	var none T
	item := l.list[l.begin]
	l.list[l.begin] = none // so that it is not kept alive
	if l.begin++; l.begin == len(l.list) {
		l.Keep(l.list[:0])
	}
	return item
}

// Clear takes all items.
func (l *List[T]) Clear() {
	clear(l.Items())
	l.Keep(l.list[:0])
}

// Keep replaces what is in the list, by some of its items or a list made of them.
func (l *List[T]) Keep(items []T) {
	if len(items) == 0 && cap(items) > roomKept {
		items = nil
	}
	l.list, l.begin = items, 0
}
