package subs_test

import (
	"slices"
	"testing"
)

func (r *rig) wantRoots(rid string, want ...string) {
	r.t.Helper()
	if got := r.reg.Roots(rid); !slices.Equal(got, want) {
		r.t.Errorf("the roots of %q are %q, want %q", rid, got, want)
	}
}

func TestRootsAreWhatIsWantedAndLeadsToAResource(t *testing.T) {
	r := newRig(t)
	r.want("z", `{"models":{"z":{"r":{"rid":"m"}},"m":{"r":{"rid":"c"},"back":{"rid":"z"}},"c":{"soft":{"rid":"a","soft":true}}}}`)
	r.want("a", `{"models":{"a":{"r":{"rid":"c"}}}}`)
	r.want("other", `{"models":{"other":{"soft":{"rid":"c","soft":true}}}}`)
	r.subscribe("m", `{}`) // direct, and not wanted
	r.wantRoots("c", "z", "a")
	r.wantRoots("m", "z")
	r.wantRoots("z", "z")
	r.wantRoots("a", "a")
	r.wantRoots("unknown")
	r.open("c", "c") // its subscribe is out
	r.wantRoots("c", "z", "a", "c")
	r.drop("a")
	r.wantRoots("c", "z", "c")
	r.apply("m", "change", `{"values":{"r":null}}`)
	r.wantRoots("c", "c")
	r.disconnect()
	r.wantRoots("m")
}

func TestRootsLeadThroughWhatIsDead(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"r":{"rid":"m"}},"m":{"r":{"rid":"c"}},"c":{}}}`)
	r.apply("m", "delete", `null`) // the gateway goes on holding what it refers to
	r.wantRoots("c", "p")
}
