package res

import "encoding/json"

// Error is an error that the gateway or a service answered with, or that
// stands in place of a resource. See "Error object" in the RES client
// protocol specification.
//
// Errors are told apart by Code. Messages are for people; a gateway may word
// them differently.
type Error struct {
	Code    string          `json:"code"`           // of the protocol, or the service's own
	Message string          `json:"message"`        // for people
	Data    json.RawMessage `json:"data,omitempty"` // JSON that a service added, nil if none
}

// Error returns the message and the code.
func (e *Error) Error() string {
	switch {
	case e.Message == "" && e.Code == "":
		return "error without code and message"
	case e.Message == "":
		return e.Code
	case e.Code == "":
		return e.Message
	}
	return e.Message + " (" + e.Code + ")"
}

// Is reports whether target is an [*Error] of the same code, so that
// errors.Is(err, res.ErrNotFound) holds whatever the message says.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && e != nil && other != nil && e.Code == other.Code
}

// Codes of the errors that the gateway, and the RES protocol, define. A
// service may use any other.
const (
	CodeAccessDenied        = "system.accessDenied"
	CodeInternalError       = "system.internalError"
	CodeInvalidParams       = "system.invalidParams"
	CodeInvalidQuery        = "system.invalidQuery"
	CodeInvalidRequest      = "system.invalidRequest"
	CodeMethodNotFound      = "system.methodNotFound"
	CodeNoSubscription      = "system.noSubscription"
	CodeNotFound            = "system.notFound"
	CodeTimeout             = "system.timeout"
	CodeUnsupportedProtocol = "system.unsupportedProtocol"
)

// Codes that Resgate uses although the specification does not have them.
const (
	CodeDeleted                   = "system.deleted"                   // reason of the unsubscribe event after a delete event
	CodeDisposedSubscription      = "system.disposedSubscription"      // the subscription ended while the request waited
	CodeSubjectTooLong            = "system.subjectTooLong"            // the name is too long for NATS, see MaxNameLength
	CodeSubscriptionLimitExceeded = "system.subscriptionLimitExceeded" // over 256 direct subscriptions on one resource
)

// Codes that are only seen in answers to HTTP requests, a refused WebSocket
// handshake among them.
const (
	CodeBadRequest         = "system.badRequest"
	CodeForbidden          = "system.forbidden"
	CodeMethodNotAllowed   = "system.methodNotAllowed"
	CodeServiceUnavailable = "system.serviceUnavailable"
)

// The errors of the codes above with the messages that Resgate gives them.
// Compare with errors.Is, which looks at the code alone.
var (
	ErrAccessDenied              = &Error{Code: CodeAccessDenied, Message: "Access denied"}
	ErrDeleted                   = &Error{Code: CodeDeleted, Message: "Deleted"}
	ErrDisposedSubscription      = &Error{Code: CodeDisposedSubscription, Message: "Resource subscription is disposed"}
	ErrInternalError             = &Error{Code: CodeInternalError, Message: "Internal error"}
	ErrInvalidParams             = &Error{Code: CodeInvalidParams, Message: "Invalid parameters"}
	ErrInvalidQuery              = &Error{Code: CodeInvalidQuery, Message: "Invalid query"}
	ErrInvalidRequest            = &Error{Code: CodeInvalidRequest, Message: "Invalid request"}
	ErrMethodNotFound            = &Error{Code: CodeMethodNotFound, Message: "Method not found"}
	ErrNoSubscription            = &Error{Code: CodeNoSubscription, Message: "No subscription"}
	ErrNotFound                  = &Error{Code: CodeNotFound, Message: "Not found"}
	ErrSubjectTooLong            = &Error{Code: CodeSubjectTooLong, Message: "Subject too long"}
	ErrSubscriptionLimitExceeded = &Error{Code: CodeSubscriptionLimitExceeded, Message: "Subscription limit exceeded"}
	ErrTimeout                   = &Error{Code: CodeTimeout, Message: "Request timeout"}
	ErrUnsupportedProtocol       = &Error{Code: CodeUnsupportedProtocol, Message: "Unsupported protocol"}
)
