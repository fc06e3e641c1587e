// Package cli holds the commands of res, the command-line client.
//
// [Main] is the program. A command has a file of its name: get.go, watch.go, call.go
// (call and auth), set.go, tree.go, ping.go, doctor.go. What they share:
//
//   - target.go: which gateway, and how to be let in, from flags, the environment
//     and the configuration (config.go)
//   - client.go: the client for it, and what of its life is told on standard error
//   - params.go: parameters from the command line, a file or standard input
//   - output.go, pretty.go, json.go: what comes on standard output
//   - explain.go: an error as one line that says what to do, and an exit status
//   - progress.go: the sign of life on a terminal
//
// Package probe, beside this one, goes the way to a gateway step by step for ping
// and doctor, without the client.
package cli
