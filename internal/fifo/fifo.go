package fifo

// List is such a list. The zero List is empty.
type List[T any] struct {
	list  []T
	begin int // list[:begin] was taken
}

// roomKept is for how many items room is kept when there are none.
const roomKept = 2048

// minRoom is for how many items there is room at first.
const minRoom = 4

// Items returns what is in the list, to be read and changed in place, until it is added to.
func (l *List[T]) Items() []T { return l.list[l.begin:] }

// Len returns how many items there are.
func (l *List[T]) Len() int { return len(l.list) - l.begin }

// Push adds an item at the end.
func (l *List[T]) Push(item T) {
	if len(l.list) == cap(l.list) {
		l.makeRoom()
	}
	l.list = append(l.list, item)
}

// makeRoom moves what is in the list to its beginning, or to twice the room if few items were
// taken; append would make a long list anew more often.
func (l *List[T]) makeRoom() {
	room := l.list
	if l.begin <= len(room)/4 {
		room = make([]T, len(room), max(minRoom, 2*len(room)))
	}
	n := copy(room, l.Items())
	clear(room[n:])
	l.list, l.begin = room[:n], 0
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
