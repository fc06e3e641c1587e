package wire

import (
	"strings"

	"github.com/resclient/resclient-go/res"
)

// Names of the events that the protocol defines. See "Events" in the RES
// client protocol specification.
const (
	EventChange      = "change"      // properties of a model were set or deleted: [Event.Change]
	EventAdd         = "add"         // a value was added to a collection: [Event.Add]
	EventRemove      = "remove"      // a value was removed from a collection: [Event.Remove]
	EventDelete      = "delete"      // the resource is gone; the data says nothing
	EventUnsubscribe = "unsubscribe" // the gateway ended all direct subscriptions: [Event.Reason]
)

// Change is the data of a change event.
type Change struct {
	Values []Property // sorted by name, no name twice; a value of kind [res.Delete] deletes the property
	Set    Set        // resources that the values newly refer to
}

// Add is the data of an add event.
type Add struct {
	Index int       // the value comes before the one that has this index now; never negative
	Value res.Value // never absent
	Set   Set       // resources that the value newly refers to
}

// Remove is the data of a remove event.
type Remove struct {
	Index int // never negative
}

// indexBits limits indexes to what an int holds everywhere.
const indexBits = 31

// Change returns the data of a change event, or a [*SyntaxError].
func (e *Event) Change() (Change, error) {
	const what = "change event"
	var (
		change    Change
		hasValues bool
	)
	err := e.decode(what, func(d *decoder, name []byte) (err error) {
		if string(name) == "values" {
			hasValues = true
			change.Values, err = d.properties(true)
			return err
		}
		return d.setMember(&change.Set, name)
	})
	switch {
	case err != nil:
		return Change{}, err
	case !hasValues:
		return Change{}, missing(what, "values")
	}
	change.Set.sort()
	return change, nil
}

// Add returns the data of an add event, or a [*SyntaxError]. A missing index
// is 0.
func (e *Event) Add() (Add, error) {
	const what = "add event"
	var add Add
	err := e.decode(what, func(d *decoder, name []byte) (err error) {
		switch string(name) {
		case "idx":
			add.Index, err = d.index()
		case "value":
			add.Value, err = d.value(false)
		default:
			err = d.setMember(&add.Set, name)
		}
		return err
	})
	switch {
	case err != nil:
		return Add{}, err
	case add.Value.IsAbsent():
		return Add{}, missing(what, "value")
	}
	add.Set.sort()
	return add, nil
}

// Remove returns the data of a remove event, or a [*SyntaxError]. A missing
// index is 0: Resgate reads what the service sent so, and then passes it on as
// it is. For the same reason the name of the member may be in any case.
func (e *Event) Remove() (Remove, error) {
	var remove Remove
	err := e.decode("remove event", func(d *decoder, name []byte) (err error) {
		if strings.EqualFold(string(name), "idx") {
			remove.Index, err = d.index()
			return err
		}
		return d.SkipValue()
	})
	if err != nil {
		return Remove{}, err
	}
	return remove, nil
}

// Reason returns why the gateway ended all direct subscriptions, from the data
// of an unsubscribe event. A [*SyntaxError] means that there is no reason: a
// service may use the name for a custom event, and nothing was ended then.
func (e *Event) Reason() (*res.Error, error) {
	const what = "unsubscribe event"
	var reason *res.Error
	err := e.decode(what, func(d *decoder, name []byte) (err error) {
		if string(name) == "reason" {
			reason, err = d.optionalError()
			return err
		}
		return d.SkipValue()
	})
	switch {
	case err != nil:
		return nil, err
	case reason == nil:
		return nil, missing(what, "reason")
	}
	return reason, nil
}

func (e *Event) decode(what string, member func(d *decoder, name []byte) error) error {
	if e.Data == nil {
		return missing(what, "data")
	}
	return decodeObject(what, e.Data, member)
}

// index reads an index; null is 0, as it is for the gateway.
func (d *decoder) index() (int, error) {
	if d.PeekKind() == 'n' {
		return 0, d.SkipValue()
	}
	n, err := d.uint(indexBits)
	return int(n), err
}
