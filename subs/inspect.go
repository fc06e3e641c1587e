package subs

// Inspection is what a registry has about one resource, for a test that compares it
// with what the gateway has.
type Inspection struct {
	Wanted   bool      // there are handles
	Direct   int       // direct subscriptions at the gateway
	Live     bool      // as [Registry.Live]
	Follows  bool      // as [Registry.Follows]
	Dead     bool      // as [Registry.Dead]
	Content  *Resource // the copy, nil for none
	Watchers int       // deep handles on other resources that reach this one
}

// Inspect returns what there is about rid; known is false when there is nothing.
// Unlike a snapshot, Content changes with the next event.
func (r *Registry) Inspect(rid string) (what Inspection, known bool) {
	e := r.entries[rid]
	if e == nil {
		return Inspection{}, false
	}
	what = Inspection{
		Wanted:   e.wanted(),
		Direct:   int(e.direct),
		Live:     e.standing == held,
		Follows:  e.follows(),
		Dead:     e.dead,
		Watchers: len(e.watchers()),
	}
	if e.has() {
		what.Content = &e.content
	}
	return what, true
}
