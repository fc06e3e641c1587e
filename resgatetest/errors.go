package resgatetest

import "errors"

// rpcError is an error as clients and services see it. Data is decoded, so
// that it is written the way the gateway writes it.
type rpcError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Data    any    `json:"data,omitempty"`
}

func (e *rpcError) Error() string { return e.Message }

func newError(code, message string) *rpcError {
	return &rpcError{Code: code, Message: message}
}

// The errors the gateway itself knows.
var (
	errAccessDenied        = newError("system.accessDenied", "Access denied")
	errBadRequest          = newError("system.badRequest", "Bad request")
	errDeleted             = newError("system.deleted", "Deleted")
	errDisposed            = newError("system.disposedSubscription", "Resource subscription is disposed")
	errForbidden           = newError("system.forbidden", "Forbidden")
	errInvalidParams       = newError("system.invalidParams", "Invalid parameters")
	errInvalidRequest      = newError("system.invalidRequest", "Invalid request")
	errLimitExceeded       = newError("system.subscriptionLimitExceeded", "Subscription limit exceeded")
	errNoSubscription      = newError("system.noSubscription", "No subscription")
	errNotFound            = newError("system.notFound", "Not found")
	errServiceUnavailable  = newError("system.serviceUnavailable", "Service unavailable")
	errSubjectTooLong      = newError("system.subjectTooLong", "Subject too long")
	errTimeout             = newError("system.timeout", "Request timeout")
	errUnsupportedProtocol = newError("system.unsupportedProtocol", "Unsupported protocol")

	errInvalidResponse = internal(errors.New("invalid service response"))
	errMissingResult   = internal(errors.New("response missing result"))
	errNoNewResource   = internal(errors.New("non-resource response on new request"))
)

// internal makes err a system.internalError. An error that is one already is
// wrapped once more: the gateway does that too.
func internal(err error) *rpcError {
	return newError("system.internalError", "Internal error: "+err.Error())
}

// asRPC gives err as it is told to a client.
func asRPC(err error) *rpcError {
	if e, ok := err.(*rpcError); ok {
		return e
	}
	switch {
	case errors.Is(err, ErrNoResponders):
		return errNotFound
	case errors.Is(err, ErrPayloadTooLarge):
		return internal(errors.New("nats: maximum payload exceeded"))
	}
	return internal(err)
}
