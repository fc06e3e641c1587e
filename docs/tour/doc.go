// Package tour holds the functions that docs/api-tour.md shows for this client, and
// runs them. Those for nats.go are in the folder nats.
package tour
