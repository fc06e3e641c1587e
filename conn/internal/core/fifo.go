package core

// fifo is a list that is added to at its end and taken from at its beginning, in room that
// is used again.
type fifo[T any] struct {
	list  []T
	begin int // list[:begin] was taken
}

// roomForItems is for how many items room is kept when there are none.
const roomForItems = 4096

// items returns what is in the list.
func (f *fifo[T]) items() []T { return f.list[f.begin:] }

func (f *fifo[T]) len() int { return len(f.list) - f.begin }

func (f *fifo[T]) push(item T) {
	if len(f.list) == cap(f.list) && f.begin > len(f.list)/4 {
		n := copy(f.list, f.items())
		clear(f.list[n:])
		f.list, f.begin = f.list[:n], 0
	}
	f.list = append(f.list, item)
}

// shift takes the first item of a list that is not empty.
func (f *fifo[T]) shift() T {
	var none T
	item := f.list[f.begin]
	f.list[f.begin] = none // so that it is not kept alive
	if f.begin++; f.begin == len(f.list) {
		f.list, f.begin = f.list[:0], 0
		if cap(f.list) > roomForItems {
			f.list = nil
		}
	}
	return item
}

// keep replaces what is in the list by some of it.
func (f *fifo[T]) keep(some []T) { f.list, f.begin = some, 0 }
