package resgatetest

// withAccess calls then with the access answer for e: the one that is kept,
// or the one to come. It is never called when e is dropped before.
func (e *entry) withAccess(then func(*access)) {
	if e.access != nil {
		then(e.access)
		return
	}
	e.askers = append(e.askers, then)
	if e.asking {
		return
	}
	e.asking = true
	e.conn.requestAccess(e, func(a *access) { e.accessed(a) })
}

// accessed takes the access answer. A failure other than a refusal is not
// kept, so the next one asks again.
func (e *entry) accessed(a *access) {
	if e.state == dropped {
		return
	}
	e.asking = false
	if a.err == nil || asRPC(a.err).Code == errAccessDenied.Code {
		e.access = a
	}
	askers := e.askers
	e.askers = nil
	for _, then := range askers {
		then(a)
	}
}

// reaccess makes the gateway ask for access again, once events do not wait
// for anything else.
func (e *entry) reaccess() {
	switch {
	case e.state == dropped:
	case e.holds != 0:
		e.reaccessDue = true
	default:
		e.askAgain()
	}
}

// askAgain holds the events of e until the service has said that they still
// may pass. Indirect subscriptions need no access.
func (e *entry) askAgain() {
	e.access = nil
	e.reaccessDue = false
	if e.direct == 0 {
		return
	}
	e.holds |= holdReaccess
	e.withAccess(func(a *access) {
		if err := a.canGet(); err != nil {
			e.endDirect(asRPC(err))
		}
		e.unhold(holdReaccess)
	})
}
