package core_test

import (
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
)

func TestTheFirstNoticeOfAKindComesAtOnceAndThoseOfTheIntervalAfterItTogether(t *testing.T) {
	r := connected(t)
	for range 5 {
		r.read(`{}`, `{"event":"x.change","data":{"values":{}}}`, `{"id":3}`)
	}
	kinds := []core.NoticeKind{core.BadFrame, core.UnexpectedAnswer, core.UnknownResource}
	if len(r.notices) != len(kinds) {
		t.Fatalf("notices: %+v", r.notices)
	}
	for i, want := range []core.NoticeKind{core.BadFrame, core.UnknownResource, core.UnexpectedAnswer} {
		if n := r.notices[i]; n.Kind != want || n.Count != 1 || n.Err == nil {
			t.Errorf("notice %d is %+v", i, n)
		}
	}
	r.notices = nil
	r.pass(r.cfg.NoticeInterval - 1)
	r.read(`{}`)
	if len(r.notices) != 0 {
		t.Fatalf("too early: %+v", r.notices)
	}
	r.pass(1)
	if len(r.notices) != len(kinds) {
		t.Fatalf("when the interval is over, the notices are %+v", r.notices)
	}
	for i, want := range []int{5, 4, 4} {
		if n := r.notices[i]; n.Kind != kinds[i] || n.Count != want || n.Err == nil {
			t.Errorf("notice %d is %+v, and stands for %d", i, n, want)
		}
	}
	r.notices = nil
	r.pass(time.Hour)
	if len(r.notices) != 0 {
		t.Errorf("there was nothing more: %+v", r.notices)
	}
	r.read(`{}`)
	if len(r.notices) != 1 || r.notices[0].Count != 1 {
		t.Errorf("an hour later, the notices are %+v", r.notices)
	}
}

func TestNoticesOfDifferentTimesAreReportedEachWhenItsIntervalIsOver(t *testing.T) {
	r := connected(t)
	r.read(`{}`, `{}`)
	r.pass(r.cfg.NoticeInterval / 2)
	r.read(`{"id":3}`, `{"id":3}`)
	r.notices = nil
	r.pass(r.cfg.NoticeInterval / 2)
	if len(r.notices) != 1 || r.notices[0].Kind != core.BadFrame {
		t.Fatalf("at first: %+v", r.notices)
	}
	r.pass(r.cfg.NoticeInterval / 2)
	if len(r.notices) != 2 || r.notices[1].Kind != core.UnexpectedAnswer {
		t.Fatalf("then: %+v", r.notices)
	}
}

func TestWhatIsHeldBackIsReportedWhenTheConnectionEnds(t *testing.T) {
	for what, end := range map[string]func(r *rig){
		"lost":   func(r *rig) { r.cut() },
		"closed": func(r *rig) { r.step(core.Close{}) },
		"closed, while it is made": func(r *rig) {
			r.cut()
			r.pass(r.cfg.MaxDelay)
			r.dialled(core.Delay{})
			r.read(`{}`, `{}`, `{}`)
			r.notices = nil
			r.step(core.Close{})
		},
		"given up, while it is made": func(r *rig) {
			r.cut()
			r.pass(r.cfg.MaxDelay)
			r.dialled(core.Delay{})
			r.read(`{}`, `{}`, `{}`)
			r.notices = nil
			r.refuse(r.sent("version")[0], res.ErrUnsupportedProtocol)
		},
	} {
		r := connected(t)
		r.read(`{}`, `{}`, `{}`)
		r.notices = nil
		end(r)
		if len(r.notices) != 1 || r.notices[0].Count != 2 || r.notices[0].After != 0 {
			t.Errorf("the connection is %s, and the notices are %+v", what, r.notices)
		}
		if d := r.core.Deadline(); r.core.State() == state.Closed && !d.IsZero() {
			t.Errorf("something is due at %v, after the end", d)
		}
	}
}

func TestOnANewConnectionTheFirstNoticeOfAKindComesAtOnce(t *testing.T) {
	r := connected(t)
	r.read(`{}`)
	r.cut()
	r.reopen()
	r.notices = nil
	r.read(`{}`, `{}`)
	if len(r.notices) != 1 || r.notices[0].Count != 1 {
		t.Errorf("the notices are %+v", r.notices)
	}
}

func TestAGatewayThatNeverGetsAsFarAsAConnectionMakesFewNotices(t *testing.T) {
	r := connected(t)
	r.cut()
	r.notices = nil
	r.pass(r.cfg.MaxDelay)
	for range 10 {
		r.dialled(core.Delay{}) // and again at once
		r.read(`{}`)
		r.cut()
	}
	if len(r.notices) != 1 {
		t.Errorf("the notices are %+v", r.notices)
	}
}

func TestANoticeSaysAfterWhichTransitionItComes(t *testing.T) {
	r := connected(t)
	r.subscribed("a")
	r.transitions, r.notices = nil, nil
	r.read(`{"event":"a.change","data":{"values":5}}`)
	r.pass(0)
	if len(r.transitions) != 1 || r.transitions[0].Event != state.Lost {
		t.Fatalf("the transitions are %+v", r.transitions)
	}
	for _, n := range r.notices {
		if n.After != 0 {
			t.Errorf("it comes after the connection was lost because of it: %+v", n)
		}
	}
	if len(r.notices) != 3 {
		t.Errorf("the notices are %+v", r.notices)
	}
}

func TestASubscriptionThatIsGrantedAgainIsNoticed(t *testing.T) {
	r := connected(t)
	r.subscribed("a")
	r.revoke("a", res.ErrAccessDenied)
	r.asked("a")
	r.retryAfter("a", time.Second)
	r.notices = nil
	r.pass(r.cfg.RetryFloor)
	r.answer(r.sent("subscribe a")[0], `{"models":{"a":{"n":1}}}`)
	if len(r.notices) != 1 || r.notices[0].Kind != core.SubscribeRecovered || r.notices[0].RID != "a" {
		t.Errorf("the notices are %+v", r.notices)
	}

	r.notices = nil
	r.cut()
	r.reopen()
	r.answer(r.sent("subscribe a")[0], `{"models":{"a":{"n":1}}}`)
	if len(r.notices) != 0 {
		t.Errorf("nothing was refused, and the notices are %+v", r.notices)
	}
}

func TestNoticesNameTheResource(t *testing.T) {
	r := connected(t)
	r.subscribed("a")
	r.revoke("a", res.ErrAccessDenied)
	if n := r.notices[0]; n.Kind != core.SubscribeFailed || n.RID != "a" {
		t.Errorf("notice is %+v", n)
	}
	r.pass(time.Hour)
	r.read(`{"event":"b.add","data":{}}`)
	if n := r.notices[1]; n.Kind != core.BadFrame || n.RID != "b" {
		t.Errorf("notice is %+v", n)
	}
}
