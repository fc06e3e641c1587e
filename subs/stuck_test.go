package subs_test

import (
	"fmt"
	"slices"
	"testing"
)

// wantStuck checks what is stuck: "c: Not found (system.notFound)".
func (r *rig) wantStuck(want ...string) {
	r.t.Helper()
	var got []string
	for rid, why := range r.reg.Stuck() {
		if !r.reg.IsStuck(rid) {
			r.t.Errorf("%q is listed as stuck, and is not", rid)
		}
		got = append(got, fmt.Sprintf("%s: %v", rid, why))
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		r.t.Errorf("stuck are %q, want %q", got, want)
	}
	if n := r.reg.Counts().Stuck; n != len(want) {
		r.t.Errorf("%d are counted as stuck, want %d", n, len(want))
	}
}

const parentOfMissing = `{"models":{"p":{"c":{"rid":"c"}}},"errors":{"c":{"code":"system.notFound","message":"Not found"}}}`

func TestReferenceInErrorIsStuckAsLongAsItIsReached(t *testing.T) {
	r := newRig(t)
	r.want("p", parentOfMissing)
	r.wantStuck("c: Not found (system.notFound)")
	r.apply("p", "change", `{"values":{"c":1}}`)
	r.wantStuck()
	r.apply("p", "change", `{"values":{"c":{"rid":"c"}},"errors":{"c":{"code":"system.timeout","message":"Request timeout"}}}`)
	r.wantStuck("c: Request timeout (system.timeout)")
	if n := r.reg.EverStuck(); n != 2 {
		t.Errorf("counted %d, want both", n)
	}
	r.drop("p")
	r.wantStuck()
}

func TestReferenceInErrorIsNotStuckWithoutAConnection(t *testing.T) {
	r := newRig(t)
	r.want("p", parentOfMissing)
	r.disconnect()
	r.wantStuck()
	r.subscribe("p", `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
	r.wantStuck()
}

func TestWhatIsDeletedIsStuckAsLongAsItIsReferredTo(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
	r.wantStuck()
	r.apply("c", "delete", `null`)
	r.wantStuck("c: Deleted (system.deleted)")
	r.apply("p", "change", `{"values":{"c":1}}`)
	r.wantStuck()
}

func TestWhatIsDeletedAndReferredToByNothingIsNotStuck(t *testing.T) {
	r := newRig(t)
	r.want("c", `{"models":{"c":{"v":1}}}`)
	r.apply("c", "delete", `null`)
	r.wantStuck()
}

func TestWhatDoesNotFitIsNotStuck(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"c":{"rid":"c"}}},"collections":{"c":[1]}}`)
	if err := r.event("c", "remove", `{"idx":7}`); err == nil {
		t.Fatal("the event fits")
	}
	r.wantStuck() // a planned reconnect is on its way
}

func TestStuckMayBeLeftEarly(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"collections":{"p":[{"rid":"a"},{"rid":"b"}]},"errors":{"a":{"code":"x","message":""},"b":{"code":"x","message":""}}}`)
	n := 0
	for range r.reg.Stuck() {
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d after a break", n)
	}
}
