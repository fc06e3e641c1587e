package cli

import (
	"encoding/json"
	"time"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
)

// line is an event as JSON. Its fields are documented in docs/cli.md, so they stay.
type line struct {
	Time  time.Time `json:"time"`
	Event string    `json:"event"`
	RID   string    `json:"rid"`

	Reason  string                    `json:"reason,omitempty"`  // sync
	Kind    string                    `json:"kind,omitempty"`    // sync: model, collection, error
	Data    *subs.Resource            `json:"data,omitempty"`    // sync
	View    map[string]*subs.Resource `json:"view,omitempty"`    // sync, with --deep: what else is reached
	Changes map[string]change         `json:"changes,omitempty"` // change
	Index   *int                      `json:"index,omitempty"`   // add, remove
	Value   *res.Value                `json:"value,omitempty"`   // add, remove
	Resync  bool                      `json:"resync,omitempty"`  // change, add, remove
	Name    string                    `json:"name,omitempty"`    // custom
	Payload json.RawMessage           `json:"payload,omitempty"` // custom
	Error   *res.Error                `json:"error,omitempty"`   // unsubscribe
	Cause   string                    `json:"cause,omitempty"`   // stale
	Missed  int                       `json:"missed,omitempty"`  // lag
	Customs int                       `json:"customs,omitempty"` // lag
}

// change is one property of a change event. What is absent was not there before, or is
// deleted.
type change struct {
	Old *res.Value `json:"old,omitempty"`
	New *res.Value `json:"new,omitempty"`
}

func lineOf(ev subs.Event, at time.Time) line {
	l := line{Time: at, RID: ev.RID()}
	switch ev := ev.(type) {
	case *subs.Sync:
		l.Event, l.Reason, l.Kind, l.Data = "sync", ev.Reason.String(), ev.Resource.Kind().String(), ev.Resource
		l.View = reached(ev)
	case *subs.Change:
		l.Event, l.Resync, l.Changes = "change", ev.Resync, make(map[string]change, ev.Len())
		for c := range ev.Changes() {
			l.Changes[c.Name] = change{present(c.Old), present(c.New)}
		}
	case *subs.Add:
		l.Event, l.Index, l.Value, l.Resync = "add", &ev.Index, &ev.Value, ev.Resync
	case *subs.Remove:
		l.Event, l.Index, l.Value, l.Resync = "remove", &ev.Index, &ev.Value, ev.Resync
	case *subs.Custom:
		l.Event, l.Name, l.Payload = "custom", ev.Name, ev.Payload
	case *subs.Stale:
		l.Event, l.Cause = "stale", oneLine(ev.Cause.Error())
	case *subs.Unsubscribe:
		l.Event, l.Error = "unsubscribe", ev.Reason
	case *subs.Delete:
		l.Event = "delete"
	case *subs.Drop:
		l.Event = "drop"
	case *subs.Lag:
		l.Event, l.Missed, l.Customs = "lag", ev.Events, ev.Custom
	}
	return l
}

func present(v res.Value) *res.Value {
	if v.IsAbsent() {
		return nil
	}
	return &v
}

// reached returns the other resources of the view that a deep subscription begins with.
func reached(ev *subs.Sync) map[string]*subs.Resource {
	if ev.View == nil {
		return nil
	}
	others := map[string]*subs.Resource{}
	for _, rid := range ev.View.RIDs() {
		if r := ev.View.Resource(rid); r.RID() != ev.RID() {
			others[rid] = r
		}
	}
	return others
}
