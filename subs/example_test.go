package subs_test

import (
	"fmt"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// news feeds a registry with what a gateway would answer and say about the resource
// news.today: the set of a subscribe request, and a change event.
func news(reg *subs.Registry) {
	answer := &wire.Response{Result: []byte(`{"models":{
		"news.today":{"title":"Hello","reads":1,"tags":{"data":["go","res"]},"author":{"rid":"user.1"}},
		"user.1":{"name":"Jane"}}}`)}
	set, err := answer.Set()
	if err != nil {
		panic(err)
	}
	reg.Install(set)
	reg.Subscribed("news.today")
	_ = reg.Changed("news.today", wire.Change{Values: []wire.Property{
		{Name: "reads", Value: value(2)}, {Name: "title", Value: value("Hello again")},
	}})
}

func value(x any) res.Value {
	v, err := res.ValueOf(x)
	if err != nil {
		panic(err)
	}
	return v
}

// A registry is fed with what a gateway says, and decides which handle hears what.
func ExampleRegistry() {
	reg := subs.NewRegistry()
	reg.Open(&subs.Handle{Owner: "first"}, "news.today")
	news(reg)
	reg.Disconnected(fmt.Errorf("connection reset"))
	for _, d := range reg.TakeDeliveries() {
		fmt.Println(d.Handle.Owner, "hears:", d.Event)
	}
	// Output:
	// first hears: news.today sync (first) {"author":{"rid":"user.1"},"reads":1,"tags":{"data":["go","res"]},"title":"Hello"}
	// first hears: news.today change reads=2 (was 1) title="Hello again" (was "Hello")
	// first hears: news.today stale: connection reset
}

func ExampleSync() {
	reg := subs.NewRegistry()
	reg.Open(&subs.Handle{}, "news.today")
	news(reg)
	for _, d := range reg.TakeDeliveries() {
		if ev, ok := d.Event.(*subs.Sync); ok {
			fmt.Println(ev.RID(), "is here, reason:", ev.Reason)
			for name, v := range ev.Resource.Properties() {
				fmt.Println(name, "is", v)
			}
		}
	}
	// Output:
	// news.today is here, reason: first
	// author is user.1
	// reads is 1
	// tags is ["go","res"]
	// title is Hello
}

func ExampleChange() {
	reg := subs.NewRegistry()
	reg.Open(&subs.Handle{}, "news.today")
	news(reg)
	for _, d := range reg.TakeDeliveries() {
		if ev, ok := d.Event.(*subs.Change); ok {
			fmt.Println("title:", ev.Value("title"), "was:", ev.Old("title"))
			for c := range ev.Changes() {
				fmt.Println(c.Name, c.Old.Raw(), "to", c.New.Raw())
			}
		}
	}
	// Output:
	// title: Hello again was: Hello
	// reads 1 to 2
	// title "Hello" to "Hello again"
}

func ExampleResource_Decode() {
	reg := subs.NewRegistry()
	news(reg)
	content, _ := reg.Snapshot("news.today")

	var item struct {
		Title  string   `json:"title"`
		Reads  int      `json:"reads"`
		Tags   []string `json:"tags"`
		Author res.Ref  `json:"author"`
	}
	if err := content.Decode(&item); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%+v\n", item)
	// Output:
	// {Title:Hello again Reads:2 Tags:[go res] Author:user.1}
}

// A queue that overflows folds what it held: nobody waits, memory is bounded, and
// the consumer goes on with the state of the moment in which it asks.
func ExampleQueue() {
	reg := subs.NewRegistry()
	h := &subs.Handle{}
	reg.Open(h, "news.today")
	news(reg)
	q := subs.NewQueue(subs.Limits{Events: 4, Bytes: 1 << 20})
	for n := 3; n < 100; n++ {
		_ = reg.Changed("news.today", wire.Change{Values: []wire.Property{{Name: "reads", Value: value(n)}}})
	}
	for _, d := range reg.TakeDeliveries() {
		q.Push(d.Event)
	}
	if q.Folding() {
		reg.Resume(h)
		for _, d := range reg.TakeDeliveries() {
			q.Push(d.Event)
		}
	}
	for ev, ok := q.Pop(); ok; ev, ok = q.Pop() {
		fmt.Println(ev)
	}
	// Output:
	// news.today lag: 99 events folded, 0 custom events lost
	// news.today sync (lag) {"author":{"rid":"user.1"},"reads":99,"tags":{"data":["go","res"]},"title":"Hello again"}
}

// A handle that wants the latest is told once that there is news, and asks when it has time.
func ExampleDecoder() {
	type item struct {
		Reads  int
		Author struct{ Name string } // room for what the reference leads to
	}
	latest := subs.NewDecoder[item]()
	reg := subs.NewRegistry()
	h := &subs.Handle{Owner: &subs.Latest{Type: latest.Type()}}
	reg.Open(h, "news.today")
	news(reg)
	for n := 3; n < 100; n++ {
		_ = reg.Changed("news.today", wire.Change{Values: []wire.Property{{Name: "reads", Value: value(n)}}})
	}
	hear := func() {
		for _, d := range reg.TakeDeliveries() {
			if ev, ok := d.Event.(*subs.Sync); ok {
				fmt.Println(latest.DecodeNew(ev.View, ev.RID()))
			} else {
				fmt.Println("there is news")
			}
		}
	}
	hear()
	reg.Resume(h)
	hear()
	// Output:
	// {1 {Jane}} true <nil>
	// there is news
	// {99 {Jane}} true <nil>
}
