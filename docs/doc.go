// Package docs holds the documents of this module. Its code is in its tests: the
// functions that the guide quotes.
//
//   - getting-started.md: a first service and client, with a real NATS server and
//     Resgate.
//   - README.md: what to read, by what you want to do.
//   - guide.md: how to do what a program has to do.
//   - testing.md: how to test a program that uses the client.
//   - operations.md: what a client says, what that means, and what to do.
//   - api-tour.md: ten tasks, with the JavaScript client, nats.go and this one.
//   - coming-from.md: for users of the JavaScript, .NET and Python clients.
//   - security.md: what is trusted and what is not, what is never said, and all
//     limits.
//   - protocol.md: every part of the protocol, with its code and its tests.
//   - architecture.md: who owns what, which file holds what, and what does not
//     meet the eye.
//   - api.txt: everything that the packages export, one line a name. It is generated
//     from the packages.
//   - states.md: the states of a connection as a picture and a table. It is
//     generated from the table in package state.
package docs
