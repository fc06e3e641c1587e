package state

import "log/slog"

// Keys of the attributes that a [Transition] has in a log. They stay as they are, so
// that what reads logs can rely on them.
const (
	FromKey          = "from"          // the state before
	ToKey            = "to"            // the state after
	EventKey         = "event"         // what happened
	CauseKey         = "cause"         // why, as an error
	AttemptKey       = "attempt"       // of the next dial, or of the one that led here
	DelayKey         = "delay"         // before the next dial
	GatewayKey       = "gateway"       // its URL, without user info and query
	AfterKey         = "after"         // how long the client had been in the state before
	GenerationKey    = "generation"    // dials begun so far
	SubscriptionsKey = "subscriptions" // that the client carried
)

// LogValue returns the transition as a group with the members from, to, event,
// cause, attempt, delay, gateway, after, generation and subscriptions. Of the
// members from cause on, those that are zero are left out. Durations are
// rounded to milliseconds. The time is left to the log record.
func (t Transition) LogValue() slog.Value {
	attrs := make([]slog.Attr, 0, 10)
	attrs = append(attrs,
		slog.String(FromKey, t.From.String()),
		slog.String(ToKey, t.To.String()),
		slog.String(EventKey, t.Event.String()))
	if t.Cause != nil {
		attrs = append(attrs, slog.Any(CauseKey, t.Cause))
	}
	if t.Attempt != 0 {
		attrs = append(attrs, slog.Int(AttemptKey, t.Attempt))
	}
	if d := readable(t.Delay); d != 0 {
		attrs = append(attrs, slog.Duration(DelayKey, d))
	}
	if t.Gateway != "" {
		attrs = append(attrs, slog.String(GatewayKey, t.Gateway))
	}
	if d := readable(t.After); d != 0 {
		attrs = append(attrs, slog.Duration(AfterKey, d))
	}
	if t.Generation != 0 {
		attrs = append(attrs, slog.Uint64(GenerationKey, t.Generation))
	}
	if t.Subscriptions != 0 {
		attrs = append(attrs, slog.Int(SubscriptionsKey, t.Subscriptions))
	}
	return slog.GroupValue(attrs...)
}
