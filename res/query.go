package res

import "net/url"

// WithQuery returns the resource id of a query resource: the name, a question mark
// and the parameters in the order of their keys, encoded as in a URL. Without
// parameters it is the name alone. A gateway takes every spelling of a query for a
// resource of its own, so programs do well to build it in one way.
func WithQuery(name string, params url.Values) string {
	if len(params) == 0 {
		return name
	}
	return name + "?" + params.Encode()
}
