// Package examples holds programs to run and to copy from; there is no code in
// itself.
//
//   - quickstart: everything in one process, to watch how a feed survives its
//     gateway. Start here.
//   - readme: the program of README.md, the shortest that follows a resource.
//   - news-service: a service over plain NATS, for a real Resgate.
//   - news-client: a client for it, which shows every message raw and what it means.
//   - service: a service as one would deploy it, with a state of its own, probes, logs,
//     configuration, and an end in good order. Copy from this one.
//   - chaos: everything that can go wrong, at random, with a verdict and a report in the end.
//
// Each has a test that runs it. The test of this package runs the commands that the
// documents give.
package examples
