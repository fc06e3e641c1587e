// Package apilist lists what the packages of this module export, one line a name, so
// that a change of the public face is seen as a line in a diff:
//
//	pkg conn, func Dial(ctx context.Context, url string, opts ...Option) (*Client, error)
//	pkg conn, method (*Client) Close()
//	pkg conn, type Health struct, InSync bool
//
// The lines are those of Go's own api directory, whose program is not meant for other
// modules; names of parameters are kept, because they are read too. What a struct or
// an interface gets from something embedded that is not exported is listed as its own.
//
// The list is docs/api.txt. A test there compares it with the packages, and makes it anew:
//
//	go test ./docs -update
package apilist
