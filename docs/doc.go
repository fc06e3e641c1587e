// Package docs holds the documents of this module; there is no code in it.
//
//   - states.md: the states of a connection as a picture and a table. It is
//     generated from the table in package state.
package docs
