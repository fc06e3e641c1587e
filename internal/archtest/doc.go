// Package archtest holds the tests that keep the architecture as it was meant.
// It has no code of its own and nothing imports it. If one of its tests fails,
// either the change is wrong or the architecture has changed: then the rule and
// the documents change with it.
//
// # What is kept
//
//   - Arrows point one way: a package imports only those of ours that the table
//     of arrows allows, and nothing but programs and tests imports package conn.
//   - The pure packages (res, wire, state, subs, conn/internal/core) have no
//     goroutine, channel, lock, clock, log, I/O, global randomness or changing
//     global. They import what is on a list, and of some packages only the parts
//     on a list.
//   - A program that imports only conn links no NATS, no coloured logging and no
//     command-line library. One that imports only resgatetest links no NATS.
//   - Every package has a doc.go, and everything that is exported has a comment.
//
// # How it is checked
//
// The checks read source text with go/parser and ask go list for imports. They do
// not know types, so they go by names: a local variable that is named like an
// import or like a package-level variable can be taken for it. Rename it then.
// Each rule is shown to fail on a small piece of wrong source as well.
package archtest
