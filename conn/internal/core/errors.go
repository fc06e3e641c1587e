package core

import "errors"

// Errors that callers tell apart. The package conn exports them.
var (
	ErrClosed         = errors.New("the client is closed")
	ErrConnectionLost = errors.New("connection lost: the outcome of the request is unknown")
	ErrNotConnected   = errors.New("not connected: the request was not sent")
	ErrQueueFull      = errors.New("too many requests wait for a connection")
	ErrNoAnswer       = errors.New("the gateway did not answer in time")
	ErrCanceled       = errors.New("given up by the caller")
	ErrGaveUp         = errors.New("the back-off said stop")
	ErrReconnect      = errors.New("reconnect asked for")
	ErrTooLarge       = errors.New("message larger than the read limit")
	ErrShuttingDown   = errors.New("shutting down")
)

// TooLargeError names what a message over the read limit was about.
type TooLargeError struct {
	RID string // of an event, "" for a response
	ID  uint64 // of a response, 0 for an event
}

// Error says that it was too large; the rid is for who ends the subscription.
func (e *TooLargeError) Error() string { return ErrTooLarge.Error() }

// Unwrap makes errors.Is find [ErrTooLarge].
func (e *TooLargeError) Unwrap() error { return ErrTooLarge }
