package subs

import (
	"fmt"
	"strings"

	"github.com/resclient/resclient-go/res"
)

// Event is something that a handle hears of its resource. It is one of [*Sync],
// [*Change], [*Add], [*Remove], [*Custom], [*Delete], [*Unsubscribe], [*Stale],
// [*Lag] and, for deep handles, [*Drop]. Events are shared between handles and must
// not be changed.
type Event interface {
	// RID returns the id of the resource that the event is about.
	RID() string
	// String returns the event on one line, for people.
	String() string

	// size estimates the bytes the event keeps alive while it is queued.
	size() int
}

// subject is the part that all events have.
type subject struct{ rid string }

// RID returns the id of the resource that the event is about.
func (s subject) RID() string { return s.rid }

// eventSize is what an event takes without its values.
const eventSize = 64

// SyncReason says why a handle is given the whole resource.
type SyncReason uint8

// The reasons for a [Sync].
const (
	SyncFirst       SyncReason = iota + 1 // the first event of a handle
	SyncReconnect                         // the resource was stale and is live again
	SyncLag                               // events were folded, see [Lag]
	SyncKindChanged                       // the resource is of another kind now, or came into or out of error
	SyncReached                           // a deep handle has come to reach the resource
)

// String returns the reason in a word or two.
func (r SyncReason) String() string {
	switch r {
	case SyncFirst:
		return "first"
	case SyncReconnect:
		return "reconnect"
	case SyncLag:
		return "lag"
	case SyncKindChanged:
		return "kind changed"
	case SyncReached:
		return "reached"
	}
	return fmt.Sprintf("SyncReason(%d)", uint8(r))
}

// Sync says what the whole resource is now. It is the first event of every handle,
// after a [Lag] if even that was folded, and ends every [Stale] and every Lag.
type Sync struct {
	typed
	Resource *Resource  // nil for a stream, which has a View of many
	Reason   SyncReason // why it comes
	View     *View      // of a deep handle: the resource and everything that it reaches; see also [Latest]
}

// RID returns the id of the resource that the event is about, "" for a stream.
func (e *Sync) RID() string {
	if e.Resource == nil {
		return ""
	}
	return e.Resource.rid
}

// String returns the event on one line, for people.
func (e *Sync) String() string {
	if e.Resource == nil {
		return fmt.Sprintf("sync (%s) of %d resources", e.Reason, len(e.View.resources))
	}
	return fmt.Sprintf("%s sync (%s) %s", e.RID(), e.Reason, e.Resource)
}

// The content belongs to the cache, which keeps it anyway.
func (e *Sync) size() int { return eventSize }

// Add says that a value was inserted into a collection before the item at Index
// (RES-Client protocol, collection add event).
type Add struct {
	subject
	typed
	Index  int       // where it is now
	Value  res.Value // what was inserted
	Resync bool      // found by comparing, after the resource was stale
}

// String returns the event on one line, for people.
func (e *Add) String() string { return fmt.Sprintf("%s add [%d] %s", e.rid, e.Index, e.Value.Raw()) }

func (e *Add) size() int { return eventSize + e.typed.size() + len(e.Value.Text()) }

// Remove says that the item at Index, which was Value, left a collection
// (RES-Client protocol, collection remove event).
type Remove struct {
	subject
	typed
	Index  int
	Value  res.Value
	Resync bool // found by comparing, after the resource was stale
}

// String returns the event on one line, for people.
func (e *Remove) String() string {
	return fmt.Sprintf("%s remove [%d] %s", e.rid, e.Index, e.Value.Raw())
}

func (e *Remove) size() int { return eventSize + e.typed.size() + len(e.Value.Text()) }

// Custom is an event with a name of the service's own. Payload is JSON, "null"
// when the service sent none.
type Custom struct {
	subject
	Name    string // of the event
	Payload []byte // JSON, not to be changed
}

// String returns the event on one line, for people.
func (e *Custom) String() string { return fmt.Sprintf("%s %s %s", e.rid, e.Name, e.Payload) }

func (e *Custom) size() int { return eventSize + len(e.Name) + len(e.Payload) }

// Delete says that the service deleted the resource. The copy stays readable and
// is stale; it comes back with a [Sync] when the resource is created anew.
type Delete struct{ subject }

// String returns the event on one line, for people.
func (e *Delete) String() string { return e.rid + " delete" }

func (e *Delete) size() int { return eventSize }

// Unsubscribe says that the gateway ended the subscription, because access was
// lost or could not be confirmed. The client subscribes again by itself.
type Unsubscribe struct {
	subject
	Reason *res.Error // why, in the gateway's words
}

// String returns the event on one line, for people.
func (e *Unsubscribe) String() string { return fmt.Sprintf("%s unsubscribe: %v", e.rid, e.Reason) }

func (e *Unsubscribe) size() int { return eventSize }

// Stale says that the resource may be behind the service from here on: no event
// comes until a [Sync] does, but for the [Unsubscribe] that follows a [Delete]. The
// last content stays readable.
type Stale struct {
	subject
	Cause error // what happened: the connection's error, or the reason of an [Unsubscribe]
}

// String returns the event on one line, for people.
func (e *Stale) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s stale: %v", e.rid, e.Cause))
}

func (e *Stale) size() int { return eventSize }

// Lag says that the handle's queue overflowed and its events were folded into the
// [Sync] that follows. State is complete again after it; custom events are lost.
type Lag struct {
	subject
	Events int // how many events were folded, custom ones included
	Custom int // how many of them were custom events
}

// String returns the event on one line, for people.
func (e *Lag) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s lag: %d events folded, %d custom events lost", e.rid, e.Events, e.Custom))
}

func (e *Lag) size() int { return eventSize }
