// Package res holds the words of the RES protocol that clients and services
// share: resource IDs and patterns, values, references, errors and their
// codes. It is for whoever reads or makes what goes through the gateway, with
// the client of this module or without.
//
//	v, err := res.ParseValue([]byte(`{"rid":"inventory.item.42"}`))
//	if err != nil {
//		return err
//	}
//	if v.IsReference() {
//		fmt.Println("refers to", v.RID())
//	}
//
// # Resources
//
// A resource is a model, which is a set of named values, or a collection,
// which is an ordered list of values. It has a resource ID (RID), a name of
// parts joined by dots that may be followed by a query: inventory.items?page=2.
// [CheckRID] tells whether an ID can be sent, [SplitRID] takes it apart, and a
// [Pattern] selects resources by name.
//
// # Values
//
// A [Value] is a JSON primitive, a reference to another resource, a soft
// reference (which the gateway does not follow), or a data value (a JSON object
// or array, wrapped). It is small, immutable, and keeps numbers and strings as
// they were spelled: nothing is lost on the way. [Value.Decode] stores it in a
// Go variable, [ValueOf] makes one of a Go value. In structs that go through
// encoding/json, use [Ref], [SoftRef], [DataValue] and [DeleteAction], or Value
// itself.
//
// # Errors
//
// An [*Error] is what the gateway or a service said. Compare its code:
//
//	if errors.Is(err, res.ErrNotFound) { … }
//
// What this package itself finds wrong is a [*RIDError] or a [*ValueError].
//
// # Concurrency
//
// Everything here is a value or a pure function. Nothing needs a lock, and
// nothing starts a goroutine or reads the clock.
package res
