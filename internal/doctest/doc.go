// Package doctest holds the tests that keep the documents true. It has no code of
// its own and nothing imports it.
//
// # What is kept
//
//   - Every Go block of README.md and of a file in docs is the text of a program
//     that compiles and has a test that runs it. A comment above the block names
//     its source: a file, whose text from the package clause on is the block, and
//     maybe a function or type, whose text alone then is.
//   - Relative links of all documents lead to something, headings included.
//   - Commands name packages that exist. Nobody is told to go get a module that
//     is not published.
//   - The file map of docs/architecture.md names every file, and no other.
//   - Names of packages of ours, such as conn.New and Client.Get, exist where they
//     stand in backquotes.
//   - The tables of docs/protocol.md name code and tests for every part, and these
//     exist.
//   - The table of docs/api-tour.md counts the lines that stand below it, and nothing
//     takes more of them with this client than with another.
//   - What README.md quotes of the quickstart is what the quickstart says.
//
// After a change of the programs, this copies their text into the documents:
//
//	go test ./internal/doctest -update
//
// The programs that no example needs to run by themselves are in this folder.
package doctest
