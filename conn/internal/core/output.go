package core

import (
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// Output is what the steps since the last call of [Core.Output] decided. It is to
// be carried out in the order of its fields.
type Output struct {
	Transitions   []state.Transition // to publish, then to report
	Notices       []Notice           // to report between them, see [Notice.After]
	Frames        []Frame            // to write: the gateway can work while the program is told
	Closes        []uint64           // generations whose dial or socket is to be ended, quietly
	Authenticates []uint64           // generations to run the authenticate hook for
	Denials       []Denial           // to run the AccessDenied hook for
	Dials         []Dial             // to begin
	Deliveries    []subs.Delivery    // to put into the handles' queues
	Ended         []Ended            // handles that have had their last event
	Replies       []Reply            // to give to their callers
	Asks          []Ask              // for the policy of subscriptions
	ResetBackOff  bool               // to start the back-off anew, and say so with BackOffReset
}

// Ended says that a handle will hear nothing more, and why.
type Ended struct {
	Handle *subs.Handle
	Err    error
}

// Reply answers a Subscribe, a Get or a Call.
type Reply struct {
	To       any
	Err      error
	Resource *subs.Resource  // of a Get
	View     *subs.View      // of a View, and of a Get with a type
	Standing Standing        // of a Status
	Result   wire.CallResult // of a Call
}

// Frame is a request to be written to the socket of a generation. Its data is to be copied.
type Frame struct {
	Generation uint64
	Data       []byte
}

// Dial asks for a new socket.
type Dial struct {
	Generation uint64
	Gateway    int  // index in [Config.Gateways]
	AskBackOff bool // ask the back-off first, for the delay after this attempt
}

// Ask asks the retry policy of a subscription for a delay, to be answered with
// RetryAfter, or tells it with Forget that the trouble is over.
type Ask struct {
	RID    string
	Err    error // why the last try failed
	Tries  int   // how many have failed since it last worked
	Forget bool
}

// Denial asks the AccessDenied hook to regain access, to be answered with
// AccessJudged.
type Denial struct {
	Generation uint64
	RID        string // of the subscription that was denied; others may have been, too
}
