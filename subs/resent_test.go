package subs_test

import "testing"

// unsure compares which resource is unsure for the longest.
func (r *rig) unsure(want string) {
	r.t.Helper()
	if rid := r.reg.Unsure(); rid != want {
		r.t.Fatalf("%q is unsure, want %q", rid, want)
	}
}

// verified compares what is observed with what the gateway has.
func (r *rig) verified(content string, want bool) {
	r.t.Helper()
	if got := r.reg.Verify(resource(r.t, `{"models":{"c?":`+content+`}}`)); got != want {
		r.t.Fatalf("%s was verified: %v", content, got)
	}
}

// resent returns a rig whose resource c was sent again, and is {"x":2}.
func resent(t *testing.T) *rig {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"x":1}}}`)
	r.apply("c", "change", `{"values":{"x":2}}`)
	r.got(r.request(), `{"models":{"c":{"x":1}}}`)
	return r
}

func TestCopyOfWhatIsSentAgainIsUnsure(t *testing.T) {
	const atFirst, asItIs = `"models":{"q":{"child":{"rid":"c"}},"c":{"x":1}}}`, `"models":{"q":{"child":{"rid":"c"}},"c":{"x":2}}}`
	for how, send := range map[string]func(r *rig){
		"with a get":                   func(r *rig) { r.got(r.request(), "{"+atFirst) },
		"with a subscribe":             func(r *rig) { r.want("q", "{"+atFirst) },
		"with an event":                func(r *rig) { r.apply("p", "change", `{"values":{"y":{"rid":"q"}},`+atFirst) },
		"with one that moves it":       func(r *rig) { r.apply("p", "change", `{"values":{"child":{"rid":"q"}},`+atFirst) },
		"with one that moves it, anew": func(r *rig) { r.apply("p", "change", `{"values":{"child":{"rid":"q"}},`+asItIs) },
	} {
		t.Run(how, func(t *testing.T) {
			r := newRig(t)
			r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"x":1}}}`)
			r.apply("c", "change", `{"values":{"x":2}}`)
			r.unsure("")
			send(r)
			r.unsure("c")
			r.has("c", `{"x":2}`)
			r.faults(0)
		})
	}
}

func TestErrorThatIsSentAgainIsNotUnsure(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"c"}}},"errors":{"c":{"code":"gone","message":""}}}`)
	r.want("q", `{"models":{"q":{"child":{"rid":"c"}}},"errors":{"c":{"code":"gone","message":""}}}`)
	r.unsure("")
}

func TestUnsureCopyIsVerifiedByWhatItWasMeanwhile(t *testing.T) {
	for content, verified := range map[string]bool{
		`{"x":1}`: false, // before
		`{"x":2}`: true,  // when it was asked for
		`{"x":3}`: true,
		`{"x":4}`: true,  // when it was answered
		`{"x":5}`: false, // never
	} {
		r := resent(t)
		r.reg.Observe("c")
		r.apply("c", "change", `{"values":{"x":3}}`)
		r.apply("c", "change", `{"values":{"x":4}}`)
		r.verified(content, verified)
		if verified {
			r.unsure("")
		} else {
			r.unsure("c")
		}
		r.faults(0)
	}
}

// It has been looked at again, long after.
func TestCopyThatTurnsOutToBeAnotherIsUnsure(t *testing.T) {
	r := newRig(t)
	r.want("c", `{"models":{"c":{"x":1}}}`)
	r.reg.Observe("c")
	r.verified(`{"x":2}`, false)
	r.unsure("c")
}

func TestUnsureIsOnlyWhatIsHeld(t *testing.T) {
	for how, lose := range map[string]func(*rig){
		"released": func(r *rig) { r.drop("p") },
		"deleted":  func(r *rig) { r.apply("c", "delete", `null`) },
		"new connection": func(r *rig) {
			r.reg.Disconnected(errLost)
			r.subscribe("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"x":1}}}`)
		},
	} {
		t.Run(how, func(t *testing.T) {
			r := resent(t)
			r.reg.Observe("c")
			lose(r)
			r.unsure("")
			r.verified(`{"x":9}`, true)
		})
	}
}

func TestUnsureCopiesComeInTheOrderInWhichTheyWereSentAgain(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"a":{"rid":"c"},"b":{"rid":"b"}},"c":{"x":1},"b":{}}}`)
	r.got(r.request(), `{"models":{"c":{"x":1}}}`)
	r.got(r.request(), `{"models":{"b":{}}}`)
	r.got(r.request(), `{"models":{"c":{"x":1}}}`)
	r.unsure("c")
	r.reg.Observe("c")
	r.verified(`{"x":1}`, true)
	r.unsure("b")
}
