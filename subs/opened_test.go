package subs_test

import "testing"

// h holds the cycle of c and l from outside when c is let go by l, unless the gateway has begun
// with an event of h that waits for x.
func TestCycleThatWasOpenedWhileAnEventWaitedIsAFault(t *testing.T) {
	const (
		first  = `{"models":{"p":{"c":{"rid":"c"},"h":{"rid":"h"}},"h":{"l":{"rid":"l"},"m":{"rid":"l"}},"l":{"c":{"rid":"c"}},"c":{"l":{"rid":"l"}}}}`
		brings = `,"other":{"rid":"x"}},"models":{"x":{}}`
	)
	for name, test := range map[string]struct {
		change string // of h
		stale  int
	}{
		"it may have waited":       {`{"values":{"l":null,"m":null` + brings + `}`, 2},
		"it cannot have waited":    {`{"values":{"l":null,"m":null}}`, 0},
		"it takes nothing away":    {`{"values":{"v":1` + brings + `}`, 0},
		"it has moved a reference": {`{"values":{"l":null,"m":null,"n":{"rid":"l"}` + brings + `}`, 0},
		"something is left":        {`{"values":{"l":null` + brings + `}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.want("p", first)
			r.apply("l", "change", `{"values":{"c":null}}`)
			r.faults(0)
			r.apply("h", "change", test.change)
			r.faults(test.stale)
			if live := test.stale == 0; r.reg.Live("c") != live {
				t.Errorf("c is live: %t", !live)
			}
		})
	}
}

// What holds it from outside may be part of the cycle otherwise.
func TestCycleThatWasOpenedWhileItsOwnEventWaitedIsAFault(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"c":{"rid":"c"},"h":{"rid":"h"}},"h":{"l":{"rid":"l"}},"l":{"c":{"rid":"c"}},"c":{"l":{"rid":"l"},"h":{"rid":"h"}}}}`)
	r.apply("l", "change", `{"values":{"c":null}}`)
	r.faults(0)
	r.apply("h", "change", `{"values":{"l":null,"other":{"rid":"x"}},"models":{"x":{}}}`)
	r.faults(2)
	if r.reg.Live("c") || r.reg.Live("l") || !r.reg.Live("h") {
		t.Errorf("live: c %t, l %t, h %t", r.reg.Live("c"), r.reg.Live("l"), r.reg.Live("h"))
	}
}

func TestCycleThatWasOpenedAndHasComeAnewIsNoFault(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"c":{"rid":"c"},"h":{"rid":"h"}},"h":{"l":{"rid":"l"}},"l":{"c":{"rid":"c"}},"c":{"l":{"rid":"l"}}}}`)
	r.apply("l", "change", `{"values":{"c":null}}`)
	r.request() // so that they stay in limbo
	r.apply("p", "change", `{"values":{"c":null,"h":null}}`)
	r.apply("p", "change", `{"values":{"c":{"rid":"c"},"h":{"rid":"h"}},"models":{"h":{"l":{"rid":"l"}},"l":{},"c":{"l":{"rid":"l"}}}}`)
	r.apply("h", "change", `{"values":{"l":null,"other":{"rid":"x"}},"models":{"x":{}}}`)
	r.faults(0)
}

// The least recent ones are forgotten, and all of them with the connection.
func TestOpenedCyclesAreForgotten(t *testing.T) {
	const first = `{"models":{"p":{"c":{"rid":"c"},"h":{"rid":"h"}},"h":{"l":{"rid":"l"}},"l":{"c":{"rid":"c"}},"c":{"l":{"rid":"l"}}}}`
	for name, forget := range map[string]func(*rig){
		"with the connection": func(r *rig) {
			r.disconnect()
			r.subscribe("p", first)
			r.sweep()
		},
		"when there are many": func(r *rig) {
			r.want("q", `{"models":{"q":{"a":{"rid":"a"},"b":{"rid":"b"}},"a":{},"b":{"a":{"rid":"a"}}}}`)
			for range 20 {
				r.apply("a", "change", `{"values":{"b":{"rid":"b"}}}`)
				r.apply("a", "change", `{"values":{"b":null}}`)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.want("p", first)
			r.apply("l", "change", `{"values":{"c":null}}`)
			forget(r)
			r.apply("h", "change", `{"values":{"l":null,"other":{"rid":"x"}},"models":{"x":{}}}`)
			r.faults(0)
		})
	}
}
