package wire

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/resclient/resclient-go/res"
)

// Set holds the resources that come with a response or an event: all that the
// client needs to follow the references in it, without what the connection
// was sent before and still holds. Models come first, then collections, then
// errors, each in the order received. See "Resource set" in the RES client
// protocol specification.
type Set struct {
	Resources []Resource // in that order
}

// Kind tells what a resource is.
type Kind uint8

// The kinds of resources.
const (
	KindModel      Kind = 1 + iota // named values
	KindCollection                 // an ordered list of values
	KindError                      // a resource that could not be had
)

// String returns the name of the kind.
func (k Kind) String() string {
	switch k {
	case KindModel:
		return "model"
	case KindCollection:
		return "collection"
	case KindError:
		return "error"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Resource is the content of a resource. Only the field that Kind names is
// set, and a model or collection without content is nil.
type Resource struct {
	RID        string      // its id
	Kind       Kind        // what it is
	Model      []Property  // sorted by name, no name twice
	Collection []res.Value // in order
	Error      *res.Error  // why it could not be had
}

// Property is a named value of a model.
type Property struct {
	Name  string    // of the property
	Value res.Value // never absent; a delete action in change events only
}

// setMember reads a member of a resource set, or passes over a member that is
// none.
func (d *decoder) setMember(set *Set, name []byte) error {
	var kind Kind
	switch string(name) {
	case "models":
		kind = KindModel
	case "collections":
		kind = KindCollection
	case "errors":
		kind = KindError
	default:
		return d.SkipValue()
	}
	return d.object(func(rid []byte) error {
		resource, err := d.resource(string(rid), kind)
		set.Resources = append(set.Resources, resource)
		return err
	})
}

func (d *decoder) resource(rid string, kind Kind) (Resource, error) {
	r := Resource{RID: rid, Kind: kind}
	var err error
	switch kind {
	case KindModel:
		r.Model, err = d.properties(false)
	case KindCollection:
		r.Collection, err = d.collection()
	case KindError:
		r.Error, err = d.error()
	}
	return r, err
}

func (d *decoder) collection() ([]res.Value, error) {
	var values []res.Value
	err := d.array(func() error {
		v, err := d.value(false)
		values = append(values, v)
		return err
	})
	return values, err
}

// properties reads an object of values. The gateway sends it sorted.
func (d *decoder) properties(mayDelete bool) ([]Property, error) {
	var properties []Property
	sorted := true
	err := d.object(func(raw []byte) error {
		name := string(raw)
		value, err := d.value(mayDelete)
		if n := len(properties); n > 0 && name <= properties[n-1].Name {
			sorted = false
		}
		properties = append(properties, Property{Name: name, Value: value})
		return err
	})
	if !sorted {
		properties = sortProperties(properties)
	}
	return properties, err
}

// sortProperties sorts by name; of those with one name the last is kept.
func sortProperties(properties []Property) []Property {
	slices.Reverse(properties)
	slices.SortStableFunc(properties, func(a, b Property) int { return cmp.Compare(a.Name, b.Name) })
	return slices.CompactFunc(properties, func(a, b Property) bool { return a.Name == b.Name })
}

// sort puts models first, then collections, then errors, as the gateway does.
func (s *Set) sort() {
	byKind := func(a, b Resource) int { return cmp.Compare(a.Kind, b.Kind) }
	if !slices.IsSortedFunc(s.Resources, byKind) {
		slices.SortStableFunc(s.Resources, byKind)
	}
}
