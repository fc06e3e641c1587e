package core_test

import (
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
)

func TestNoticesComeOncePerKindAndInterval(t *testing.T) {
	r := connected(t)
	for range 5 {
		r.read(`{}`, `{"event":"x.change","data":{"values":{}}}`, `{"id":3}`)
	}
	if len(r.notices) != 3 {
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
	r.read(`{}`)
	if len(r.notices) != 1 || r.notices[0].Count != 6 {
		t.Fatalf("notices: %+v", r.notices)
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
