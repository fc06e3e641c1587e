package subs

import (
	"slices"

	"github.com/resclient/resclient-go/res"
)

// list is the items of a collection. It leaves room before them as well as behind, so
// that an item comes and goes by moving those on its shorter side.
type list struct {
	items []res.Value // in room
	room  []res.Value // from the first place on, if there is room before the items
	front int         // how many places that are
}

func (l *list) insert(index int, v res.Value) {
	n := len(l.items)
	switch {
	case l.front > 0 && index < n/2:
		l.front--
		l.items = l.room[l.front : l.front+n+1]
		copy(l.items, l.items[1:index+1])
		l.items[index] = v
	case n < cap(l.items):
		l.items = slices.Insert(l.items, index, v)
	default:
		*l = list{items: slices.Insert(l.items, index, v)}
	}
}

func (l *list) remove(index int) {
	if index >= len(l.items)/2 {
		l.items = slices.Delete(l.items, index, index+1)
		return
	}
	if l.front == 0 {
		l.room = l.items[:cap(l.items)]
	}
	copy(l.items[1:], l.items[:index])
	l.items[0] = res.Value{} // so that it keeps nothing alive
	l.items = l.items[1:]
	l.front++
}
