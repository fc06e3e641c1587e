// Package nats holds the functions that docs/api-tour.md shows for nats.go, and runs
// them on a NATS server.
package nats
