package core

import (
	"time"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// Input is something that happened, or that the program asks for.
type Input interface {
	apply(c *Core)
}

// Inputs from the shell.
type (
	// Start begins to dial.
	Start struct{}

	// Tick only lets time pass: something may be due, see [Core.Deadline].
	Tick struct{}

	// Dialled says how an attempt to open a socket ended.
	Dialled struct {
		Generation uint64
		Err        error
		Permanent  bool  // trying again is of no use
		Next       Delay // what the back-off said, if [Dial.AskBackOff] was set
	}

	// BackOffReset brings the first delay of a back-off that starts anew.
	BackOffReset struct{ Next Delay }

	// Received brings what a socket has read, in order. Nothing of it is kept: the
	// messages may be of a [Batch] that is used again after.
	Received struct {
		Generation uint64
		Messages   []Message
	}

	// Lost says that a socket is of no more use.
	Lost struct {
		Generation uint64
		Err        error
	}

	// Authenticated says how the authenticate hook ended.
	Authenticated struct {
		Generation uint64
		Err        error
		Permanent  bool
	}

	// AccessJudged says how the AccessDenied hook ended: without an error, what was
	// denied may be granted now.
	AccessJudged struct {
		Generation uint64
		Err        error
		Permanent  bool // the subscription that it ran for is to end
	}

	// RetryAfter brings the delay that was asked for with [Ask].
	RetryAfter struct {
		RID  string
		Next Delay
	}
)

// Inputs from the program. To names who is to have the [Reply].
type (
	// Subscribe opens a handle. Every handle's first event is a Sync; the reply
	// comes after it.
	Subscribe struct {
		RID    string
		Handle *subs.Handle
		To     any
	}

	// CancelSubscribe closes a handle and replies to its Subscribe with
	// [ErrCanceled], unless that was replied to.
	CancelSubscribe struct {
		RID    string
		Handle *subs.Handle
	}

	// Unsubscribe closes a handle whose Subscribe was replied to.
	Unsubscribe struct {
		RID    string
		Handle *subs.Handle
	}

	// Resume gives a handle whose queue has folded events its resource.
	Resume struct{ Handle *subs.Handle }

	// Get asks for a snapshot; with a type, also for a view of what it has room for.
	Get struct {
		RID string
		As  *subs.Type // nil for none
		To  any
	}

	// CancelGet replies to a Get with [ErrCanceled], unless that was replied to.
	CancelGet struct {
		RID string
		To  any
	}

	// Stream opens a handle that hears of every resource that matches. It is replied
	// to at once.
	Stream struct {
		Pattern res.Pattern
		Handle  *subs.Handle
		To      any
	}

	// Status asks how a resource stands. It is replied to at once.
	Status struct {
		RID string
		To  any
	}

	// View asks for the copies of resources and of what they refer to. It is replied
	// to at once.
	View struct {
		RIDs []string
		To   any
	}

	// Call makes a call, auth or new request. It is an input by its address.
	Call struct {
		Request wire.Request
		Session uint64       // not 0: made by a hook, on the connection of this generation
		Handle  *subs.Handle // opened on the resource that the call is answered with
		To      any

		out *request // once it was sent
		rid string   // of the resource it was answered with, if it waits for that
	}

	// CancelCall replies to a Call with [ErrCanceled], or with [ErrNotConnected] if
	// it was never sent, unless it was replied to.
	CancelCall struct{ Call *Call }

	// Reconnect gives up the connection, if there is one, and dials at once. The
	// reply says that it has been given up.
	Reconnect struct{ To any }

	// Drain refuses new requests from now on, and is Close as soon as no call waits
	// for its answer any more.
	Drain struct{}

	// Close ends everything.
	Close struct{}
)

// Delay is what a back-off said: how long to wait, or that it is time to give up.
type Delay struct {
	Wait  time.Duration
	Exact bool // no jitter, and no floor
	Stop  bool
}
