// Package docs holds the documents of this module, which README.md lists by what you
// want to do. Its code is in its tests: the functions that the guide quotes. Two of the
// documents are generated: api.txt from what the packages export, and states.md from the
// table in package state.
package docs
