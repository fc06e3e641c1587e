package subs_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"weak"

	"github.com/resclient/resclient-go/subs"
)

func custom(n int) *subs.Custom { return &subs.Custom{Name: "c", Payload: fmt.Append(nil, n)} }

func added(n int) *subs.Add { return &subs.Add{Index: n, Value: number(n)} }

func lagSync() *subs.Sync { return &subs.Sync{Reason: subs.SyncLag, Resource: &subs.Resource{}} }

// drain pops everything, one line per event.
func drain(q *subs.Queue) []string {
	lines := []string{}
	for ev, ok := q.Pop(); ok; ev, ok = q.Pop() {
		lines = append(lines, ev.String())
	}
	return lines
}

func expect(t *testing.T, why string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", why, got, want)
	}
}

func TestQueueKeepsTheOrder(t *testing.T) {
	q := subs.NewQueue(subs.Limits{Events: 10, Bytes: 1 << 20})
	q.Push(added(1))
	q.Push(custom(2))
	q.Push(added(3))
	if q.Len() != 3 {
		t.Errorf("%d events wait, want 3", q.Len())
	}
	expect(t, "first in, first out", drain(q), " add [1] 1", " c 2", " add [3] 3")
	if _, ok := q.Pop(); ok || q.Len() != 0 {
		t.Errorf("an empty queue has %d events", q.Len())
	}
}

func TestQueueFoldsOverTheEventLimit(t *testing.T) {
	q := subs.NewQueue(subs.Limits{Events: 5, Bytes: 1 << 20})
	for n := range 5 {
		q.Push(added(n))
	}
	if q.Folding() {
		t.Fatal("the queue folds although its limit is not exceeded")
	}
	q.Push(custom(5))
	if !q.Folding() || q.Len() != 0 {
		t.Fatalf("folding %t with %d events waiting, want an empty queue that folds", q.Folding(), q.Len())
	}
	expect(t, "nothing can be read before the Sync", drain(q))
	q.Push(added(6))
	q.Push(custom(7))
	if q.Len() != 0 {
		t.Errorf("%d events were kept while folding", q.Len())
	}
	q.Push(lagSync())
	q.Push(added(8))
	if q.Folding() {
		t.Error("the queue folds after its Sync")
	}
	expect(t, "what was folded, the state, and what came after", drain(q),
		"lag: 8 events folded, 2 custom events lost", " sync (lag) {}", " add [8] 8")
}

func TestQueueFoldsOverTheByteLimit(t *testing.T) {
	event := added(1)
	q := subs.NewQueue(subs.Limits{Events: 1000, Bytes: 10 * subs.Size(event)})
	for range 10 {
		q.Push(event)
	}
	if q.Folding() {
		t.Fatal("the queue folds although its limit is not exceeded")
	}
	q.Pop()
	q.Push(event)
	if q.Folding() {
		t.Fatal("the bytes of an event that was read are still counted")
	}
	q.Push(event)
	if !q.Folding() {
		t.Fatal("the queue holds more bytes than its limit")
	}
}

func TestQueueTakesASingleEventOfAnySize(t *testing.T) {
	q := subs.NewQueue(subs.Limits{Events: 10, Bytes: 1024})
	q.Push(&subs.Custom{Name: "large", Payload: make([]byte, 1<<20)})
	if q.Folding() || q.Len() != 1 {
		t.Fatal("an event over the byte limit cannot be read at all")
	}
	q.Push(added(1))
	if !q.Folding() {
		t.Fatal("the queue takes more on top of an event over the limit")
	}
}

func TestQueueFoldsAgainAfterASync(t *testing.T) {
	q := subs.NewQueue(subs.Limits{Events: 4, Bytes: 1 << 20})
	for range 2 {
		for n := range 5 {
			q.Push(custom(n))
		}
		q.Push(lagSync())
		expect(t, "each folding counts its own events", drain(q),
			"lag: 5 events folded, 5 custom events lost", " sync (lag) {}")
	}
}

func TestQueueOfAnyLimitsHasRoomForWhatEndsAFolding(t *testing.T) {
	q := subs.NewQueue(subs.Limits{Events: 1, Bytes: 1})
	for n := range 5 {
		q.Push(added(n))
	}
	q.Push(lagSync())
	q.Push(&subs.Delete{})
	q.Push(&subs.Stale{Cause: errLost})
	expect(t, "a consumer that asks is told", drain(q),
		"lag: 5 events folded, 0 custom events lost", " sync (lag) {}", " delete", "stale: connection reset")
}

func TestQueueClearDropsEverything(t *testing.T) {
	q := subs.NewQueue(subs.Limits{Events: 4, Bytes: 1 << 20})
	for n := range 5 {
		q.Push(added(n))
	}
	q.Clear()
	if q.Folding() || q.Len() != 0 {
		t.Errorf("folding %t with %d events after Clear", q.Folding(), q.Len())
	}
	q.Push(added(9))
	expect(t, "it works as before", drain(q), " add [9] 9")
	q.Push(subs.NewResync(resource(t, `{"models":{"r":{"a":1}}}`), resource(t, `{"models":{"r":{"a":2}}}`)))
	q.Pop()
	q.Clear()
	expect(t, "also the rest of what was begun", drain(q))
}

func TestQueueExpandsAResyncWhenItIsRead(t *testing.T) {
	for _, tc := range []struct {
		name, old, new string
		want           []string
	}{
		{"a model", `{"models":{"r":{"a":1,"b":2}}}`, `{"models":{"r":{"b":3}}}`,
			[]string{"r change a deleted (was 1) b=3 (was 2)", `r sync (reconnect) {"b":3}`}},
		{"a model that is as it was", `{"models":{"r":{"a":1}}}`, `{"models":{"r":{"a":1}}}`,
			[]string{`r sync (reconnect) {"a":1}`}},
		{"a collection", `{"collections":{"r":[1,2,3,4]}}`, `{"collections":{"r":[0,2,4,5]}}`,
			[]string{"r remove [2] 3", "r remove [0] 1", "r add [0] 0", "r add [3] 5", "r sync (reconnect) [0,2,4,5]"}},
		{"a model that became a collection", `{"models":{"r":{"a":1}}}`, `{"collections":{"r":[1]}}`,
			[]string{"r sync (kind changed) [1]"}},
		{"a model that failed", `{"models":{"r":{"a":1}}}`, `{"errors":{"r":{"code":"e","message":"m"}}}`,
			[]string{`r sync (kind changed) {"code":"e","message":"m"}`}},
		{"a model that is back", `{"errors":{"r":{"code":"e","message":"m"}}}`, `{"models":{"r":{"a":1}}}`,
			[]string{`r sync (kind changed) {"a":1}`}},
		{"another error", `{"errors":{"r":{"code":"e","message":"m"}}}`, `{"errors":{"r":{"code":"f","message":"m"}}}`,
			[]string{`r sync (kind changed) {"code":"f","message":"m"}`}},
		{"the same error", `{"errors":{"r":{"code":"e","message":"m"}}}`, `{"errors":{"r":{"code":"e","message":"m"}}}`,
			[]string{`r sync (reconnect) {"code":"e","message":"m"}`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			q := subs.NewQueue(subs.Limits{Events: 4, Bytes: 1 << 20})
			q.Push(subs.NewResync(resource(t, tc.old), resource(t, tc.new)))
			q.Push(added(7))
			if q.Len() != 2 {
				t.Errorf("%d entries wait, want 2", q.Len())
			}
			expect(t, "the difference, the state, what came after", drain(q), append(tc.want, " add [7] 7")...)
		})
	}
}

func TestQueueMarksWhatWasFoundByComparing(t *testing.T) {
	q := subs.NewQueue(subs.Limits{Events: 4, Bytes: 1 << 20})
	q.Push(subs.NewResync(resource(t, `{"collections":{"r":[1]}}`), resource(t, `{"collections":{"r":[2]}}`)))
	q.Push(subs.NewResync(resource(t, `{"models":{"r":{"a":1}}}`), resource(t, `{"models":{"r":{"a":2}}}`)))
	marked := 0
	for ev, ok := q.Pop(); ok; ev, ok = q.Pop() {
		switch ev := ev.(type) {
		case *subs.Remove:
			marked += count(ev.Resync)
		case *subs.Add:
			marked += count(ev.Resync)
		case *subs.Change:
			marked += count(ev.Resync)
		}
	}
	if marked != 3 {
		t.Errorf("%d events are marked Resync, want 3", marked)
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestQueueFoldsTheRestOfAResyncThatIsBeingRead(t *testing.T) {
	q := subs.NewQueue(subs.Limits{Events: 4, Bytes: 1 << 20})
	q.Push(subs.NewResync(resource(t, `{"collections":{"r":[1,2]}}`), resource(t, `{"collections":{"r":[3,4]}}`)))
	q.Pop()
	for n := range 5 {
		q.Push(added(n))
	}
	expect(t, "an old difference is of no use", drain(q))
	q.Push(lagSync())
	expect(t, "its rest counts as one", drain(q), "lag: 6 events folded, 0 custom events lost", " sync (lag) {}")
}

// The model of a queue is a list that is cut off.
func TestQueueAgainstAModel(t *testing.T) {
	for seed := range uint64(2000) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		limits := subs.Limits{Events: 4 + rnd.IntN(40), Bytes: 1 << 20}
		q := subs.NewQueue(limits)
		var waiting []string
		folded, customs, folding := 0, 0, false
		for n := range 300 {
			switch k := rnd.IntN(20); {
			case k == 0 && folding:
				q.Push(lagSync())
				waiting = append(waiting, fmt.Sprintf("lag: %d events folded, %d custom events lost", folded, customs), " sync (lag) {}")
				folded, customs, folding = 0, 0, false
			case k == 1:
				q.Clear()
				waiting, folded, customs, folding = nil, 0, 0, false
			case k < 11:
				ev := custom(n)
				q.Push(ev)
				if waiting = append(waiting, ev.String()); len(waiting) > limits.Events || folding {
					for _, line := range waiting {
						folded++
						customs += count(line[:3] == " c ")
					}
					waiting, folding = nil, true
				}
			default:
				ev, ok := q.Pop()
				if ok != (len(waiting) > 0) {
					t.Fatalf("seed %d, step %d: popped %v, %q wait", seed, n, ev, waiting)
				}
				if ok {
					if ev.String() != waiting[0] {
						t.Fatalf("seed %d, step %d: popped %q, want %q", seed, n, ev, waiting[0])
					}
					waiting = waiting[1:]
				}
			}
			if q.Len() != len(waiting) || q.Folding() != folding {
				t.Fatalf("seed %d, step %d: %d wait, folding %t, want %d and %t", seed, n, q.Len(), q.Folding(), len(waiting), folding)
			}
		}
	}
}

func TestQueueDoesNotGrowUnderSteadyUse(t *testing.T) {
	q := subs.NewQueue(subs.Limits{Events: 1000, Bytes: 1 << 20})
	for n := range 100 {
		q.Push(added(n))
	}
	for n := range 100_000 {
		q.Push(added(n))
		q.Pop()
	}
	if room := q.Room(); room > 512 {
		t.Errorf("there is room for %d events, with 100 waiting", room)
	}
}

func TestQueueDoesNotKeepWhatWasRead(t *testing.T) {
	q := subs.NewQueue(subs.Limits{Events: 1000, Bytes: 1 << 20})
	var read []weak.Pointer[subs.Custom]
	for n := range 200 {
		ev := custom(n)
		read = append(read, weak.Make(ev))
		q.Push(ev)
	}
	old, new := resource(t, `{"collections":{"r":[1]}}`), resource(t, `{"collections":{"r":[2]}}`)
	seen := weak.Make(old)
	q.Push(subs.NewResync(old, new))
	q.Push(added(1))
	for range 203 { // all but the last
		q.Pop()
	}
	runtime.GC()
	for n, p := range read {
		if p.Value() != nil {
			t.Fatalf("event %d was read and is still kept", n)
		}
	}
	if seen.Value() != nil {
		t.Error("what a resync compared with is kept after its last event")
	}
	if q.Len() != 1 {
		t.Errorf("%d events wait, want 1", q.Len())
	}
	runtime.KeepAlive(q)
}
