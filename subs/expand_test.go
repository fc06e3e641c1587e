package subs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
)

// shelf is a library: a model with a reference to a collection of references to
// models, one of which leads back to it.
const shelf = `{
	"models": {
		"lib": {"name":"Harbour","books":{"rid":"books"},"best":{"rid":"b.1"},"site":{"rid":"site","soft":true},"open":{"data":[9,17]}},
		"b.1": {"title":"Emma","author":{"rid":"a.1"},"lib":{"rid":"lib"}},
		"b.2": {"title":"Dracula","author":{"rid":"a.2"},"lib":{"rid":"lib"}},
		"a.1": {"name":"Austen"}
	},
	"collections": {"books": [{"rid":"b.1"},{"rid":"b.2"}]},
	"errors": {"a.2": {"code":"system.notFound","message":"Not found"}}
}`

type (
	author struct{ Name string }
	novel  struct {
		Title  string
		Author *author
	}
	library struct {
		Name  string
		Books []novel
		Best  res.Ref
	}
	// flat has no room for what references lead to.
	flat struct {
		Books, Best string
		Site        res.SoftRef
		Open        []int
	}
	// knot has room for itself without end.
	knot struct {
		Title string `json:"title"`
		Lib   *struct {
			Name string
			Best *knot
		} `json:"lib,omitempty"`
	}
	upper   string
	dated   struct{ library }
	pointed struct {
		*author
		Title string `json:"name"`
	}
)

func (u *upper) UnmarshalText(text []byte) error {
	*u = upper(strings.ToUpper(string(text)))
	return nil
}

func library1() library {
	return library{Name: "Harbour", Best: "b.1", Books: []novel{{"Emma", &author{"Austen"}}, {"Dracula", &author{}}}}
}

func TestReferencesAreExpandedWhereATypeHasRoom(t *testing.T) {
	r := newRig(t)
	r.want("lib", shelf)
	v := r.reg.View("lib")
	for name, test := range map[string]struct {
		rid  string
		into any
		want string // as %+v, or as JSON for what has pointers
	}{
		"structs and slices":     {"lib", new(library), `{"Name":"Harbour","Books":[{"Title":"Emma","Author":{"Name":"Austen"}},{"Title":"Dracula","Author":{"Name":""}}],"Best":{"rid":"b.1"}}`},
		"strings and references": {"lib", new(flat), `{"Books":"books","Best":"b.1","Site":{"rid":"site","soft":true},"Open":[9,17]}`},
		"embedded structs":       {"lib", new(dated), `{"Name":"Harbour","Books":[{"Title":"Emma","Author":{"Name":"Austen"}},{"Title":"Dracula","Author":{"Name":""}}],"Best":{"rid":"b.1"}}`},
		"pointers to pointers":   {"books", new(**[]*novel), `[{"Title":"Emma","Author":{"Name":"Austen"}},{"Title":"Dracula","Author":{"Name":""}}]`},
		"arrays":                 {"books", new([2]struct{ Title string }), `[{"Title":"Emma"},{"Title":"Dracula"}]`},
		"maps":                   {"b.1", new(map[string]json.RawMessage), `{"author":{"name":"Austen"},"lib":{"name":"Harbour","books":[{"rid":"b.1"},{"title":"Dracula","author":{"error":{"code":"system.notFound","message":"Not found"}},"lib":{"rid":"lib"}}],"best":{"rid":"b.1"},"open":[9,17],"site":{"rid":"site","soft":true}},"title":"Emma"}`},
		"anything":               {"books", new(any), `[{"author":{"name":"Austen"},"lib":{"best":{"rid":"b.1"},"books":{"rid":"books"},"name":"Harbour","open":[9,17],"site":{"rid":"site","soft":true}},"title":"Emma"},{"author":{"error":{"code":"system.notFound","message":"Not found"}},"lib":{"best":{"author":{"name":"Austen"},"lib":{"rid":"lib"},"title":"Emma"},"books":{"rid":"books"},"name":"Harbour","open":[9,17],"site":{"rid":"site","soft":true}},"title":"Dracula"}]`},
		"values":                 {"lib", new(struct{ Best, Site res.Value }), `{"Best":{"rid":"b.1"},"Site":{"rid":"site","soft":true}}`},
		"text":                   {"lib", new(struct{ Best upper }), `{"Best":"B.1"}`},
		"cycles":                 {"b.2", new(knot), `{"title":"Dracula","lib":{"Name":"Harbour","Best":{"title":"Emma","lib":{"Name":"","Best":null}}}}`},
		"names in any case":      {"lib", new(struct{ NAME string }), `{"NAME":"Harbour"}`},
		"fields that are left out": {"lib", new(struct {
			Name string `json:"-"`
		}), `{}`},
		"the nearest of two fields": {"a.1", new(pointed), `{"name":"Austen"}`},
	} {
		t.Run(name, func(t *testing.T) {
			if err := v.Decode(test.rid, test.into); err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(test.into)
			if err != nil || !sameJSON(t, string(got), test.want) {
				t.Errorf("got  %s, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := errors.Join(json.Unmarshal([]byte(a), &x), json.Unmarshal([]byte(b), &y)); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(x, y)
}

func TestWhatDoesNotFitIsAnErrorOfDecoding(t *testing.T) {
	r := newRig(t)
	r.want("lib", shelf)
	v := r.reg.View("lib")
	for rid, into := range map[string]any{"lib": new([]library), "books": new(library), "b.1": new(struct{ Author int }), "b.2": new(int), "a.1": nil} {
		if err := v.Decode(rid, into); err == nil {
			t.Errorf("%s fits %T", rid, into)
		}
	}
	if err := v.Decode("a.2", new(author)); !errors.Is(err, res.ErrNotFound) {
		t.Errorf("a resource in error gives %v", err)
	}
	if err := v.Decode("x", new(author)); !errors.Is(err, subs.ErrNotInView) {
		t.Errorf("what is not there gives %v", err)
	}
}

// typedRig is a rig whose registry has types.
func typedRig(t *testing.T, types ...subs.Type) *rig {
	r := newRig(t)
	r.reg = subs.NewRegistry(types...)
	return r
}

// decodes takes what was delivered, decodes it, and compares.
func (r *rig) decodes(want ...any) {
	r.t.Helper()
	var got []any
	for _, d := range r.reg.TakeDeliveries() {
		q := r.queues[d.Handle]
		q.Push(d.Event)
		for ev, ok := q.Pop(); ok; ev, ok = q.Pop() {
			typed, ok := ev.(decoder)
			if !ok {
				continue
			}
			v, err := typed.Decoded()
			if err != nil {
				v = err.Error()
			}
			got = append(got, v)
		}
	}
	if !reflect.DeepEqual(got, want) {
		r.t.Errorf("decoded %s\nwant    %s", asJSON(got), asJSON(want))
	}
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	return fmt.Sprint(string(text), err)
}

func TestEventsExpandReferencesAsTheyWere(t *testing.T) {
	r := typedRig(t, subs.TypeOf[library]("lib"), subs.TypeOf[[]novel]("books"), subs.TypeOf[author]("a.*"))
	r.want("lib", shelf)
	r.open("books", "books")
	r.subscribe("books", `{}`)
	want := library1()
	r.decodes(want, want.Books)

	// All are decoded after everything has happened, and show what was then.
	r.apply("books", "remove", `{"idx":1}`)
	r.apply("lib", "change", `{"values":{"name":"River"}}`)
	r.apply("a.1", "change", `{"values":{"name":"Jane Austen"}}`)
	r.apply("books", "add", `{"idx":0,"value":{"rid":"b.3"},"models":{"b.3":{"title":"Ulysses","author":{"rid":"a.1"}}}}`)
	r.apply("lib", "change", `{"values":{"name":"Hill"}}`)
	emma := novel{"Emma", &author{"Austen"}}
	renamed := []novel{{"Ulysses", &author{"Jane Austen"}}, {"Emma", &author{"Jane Austen"}}}
	r.decodes(
		[]novel{emma},
		library{Name: "River", Best: "b.1", Books: []novel{emma}},
		renamed,
		library{Name: "Hill", Best: "b.1", Books: renamed},
	)
}

func TestResyncExpandsReferences(t *testing.T) {
	r := typedRig(t, subs.TypeOf[[]novel]("books"))
	r.want("books", `{"collections":{"books":[{"rid":"b.1"}]},"models":{"b.1":{"title":"Emma"}}}`)
	r.disconnect()
	r.decodes([]novel{{Title: "Emma"}})
	r.subscribe("books", `{"collections":{"books":[{"rid":"b.1"},{"rid":"b.2"}]},"models":{"b.1":{"title":"Emma, revised"},"b.2":{"title":"Dracula"}}}`)
	now := []novel{{Title: "Emma, revised"}, {Title: "Dracula"}}
	r.decodes(now, now) // an add and the Sync
}

func TestDeepHandlesAndStreamsExpandReferences(t *testing.T) {
	r := typedRig(t, subs.TypeOf[library]("lib"), subs.TypeOf[novel]("b.*"))
	h := &subs.Handle{Deep: true}
	r.queues[h] = subs.NewQueue(subs.Limits{Events: 1 << 20, Bytes: 1 << 30})
	r.reg.Open(h, "lib")
	r.subscribe("lib", shelf)
	r.decodes(library1())
	r.apply("b.1", "change", `{"values":{"title":"Persuasion"}}`)
	r.decodes(novel{"Persuasion", &author{"Austen"}})
	r.apply("books", "add", `{"idx":0,"value":{"rid":"b.3"},"models":{"b.3":{"title":"Ulysses","author":{"rid":"a.1"}}}}`)
	r.decodes(novel{"Ulysses", &author{"Austen"}}, subs.ErrNoType.Error()) // reached, and the add to what has no type
}

func TestErrorOfDecodingIsThatOfOneEvent(t *testing.T) {
	r := typedRig(t, subs.TypeOf[[]novel]("books"))
	r.want("books", `{"collections":{"books":[{"rid":"b.1"}]},"models":{"b.1":{"title":1}}}`)
	r.apply("b.1", "change", `{"values":{"title":"Emma"}}`)
	r.apply("books", "add", `{"idx":1,"value":{"rid":"b.1"}}`)
	r.decodes(`decode "books": json: cannot unmarshal number into Go struct field novel.Title of type string`,
		[]novel{{Title: "Emma"}, {Title: "Emma"}})
}

func TestDepthOfExpansion(t *testing.T) {
	const deep, shallow = `{"title":"Dracula","lib":{"Name":"Harbour","Best":{"title":"Emma","lib":{"Name":"","Best":null}}}}`, `{"title":"Dracula","lib":{"Name":"","Best":null}}`
	for levels, want := range map[int]string{-1: shallow, 0: shallow, 1: `{"title":"Dracula","lib":{"Name":"Harbour","Best":{"title":""}}}`, 2: deep, 50: deep} {
		r := typedRig(t, subs.TypeOf[knot]("b.*"))
		r.reg.ExpandTo(levels)
		r.want("b.2", shelf)
		ofEvent, err := r.reg.TakeDeliveries()[0].Event.(decoder).Decoded()
		ofView, errOfView := r.reg.View("b.2").Value("b.2")
		all, errOfDepth := r.reg.View("b.2").WithDepth(2).Value("b.2")
		if err := errors.Join(err, errOfView, errOfDepth); err != nil {
			t.Fatal(err)
		}
		for got, want := range map[any]string{ofEvent: want, ofView: want, all: deep} {
			if text, err := json.Marshal(got); err != nil || string(text) != want {
				t.Errorf("%d levels: %s, %v, want %s", levels, text, err, want)
			}
		}
	}
}

func TestLongChainsAreExpandedAsFarAsTheDepth(t *testing.T) {
	type link struct{ Next *link }
	var models []string
	for i := range 1000 {
		models = append(models, fmt.Sprintf(`"m.%d":{"next":{"rid":"m.%d"}}`, i, i+1))
	}
	r := typedRig(t, subs.TypeOf[link]("m.0"))
	r.want("m.0", fmt.Sprintf(`{"models":{%s,"m.1000":{}}}`, strings.Join(models, ",")))
	v, err := r.reg.TakeDeliveries()[0].Event.(decoder).Decoded()
	if err != nil {
		t.Fatal(err)
	}
	n, first := 0, v.(link)
	for l := &first; l.Next != nil; l = l.Next {
		n++
	}
	if n != subs.DefaultDepth+1 { // the last is there, and empty
		t.Errorf("%d links", n)
	}
}

func TestDecodableEventsCountForWhatTheyKeep(t *testing.T) {
	sizes := map[bool]int{}
	for _, typed := range []bool{false, true} {
		r := newRig(t)
		if typed {
			r = typedRig(t, subs.TypeOf[[]int]("l"))
		}
		r.want("l", `{"collections":{"l":[`+strings.Repeat("1,", 999)+`1]}}`)
		r.apply("l", "add", `{"idx":0,"value":1}`)
		deliveries := r.reg.TakeDeliveries()
		sizes[typed] = subs.Size(deliveries[1].Event)
		if n := subs.Size(deliveries[0].Event); n > 100 {
			t.Errorf("a Sync counts for %d: it must find room after a Lag", n)
		}
	}
	if sizes[true] < sizes[false]+1000 {
		t.Errorf("an event counts for %d bytes, with a type for %d", sizes[false], sizes[true])
	}
}

func TestWhatExpandsToTooMuchIsRefused(t *testing.T) {
	const size = 1 << 20
	refs := strings.Repeat(`,{"rid":"big"}`, subs.MaxExpansion/size)[1:]
	r := newRig(t)
	r.want("l", fmt.Sprintf(`{"collections":{"l":[%s]},"models":{"big":{"v":%q}}}`, refs, strings.Repeat("x", size)))
	v := r.reg.View("l")
	if _, err := v.JSON("l"); !errors.Is(err, subs.ErrExpansionTooLarge) {
		t.Errorf("the error is %v", err)
	}
	var into []struct{ V string }
	if err := v.Decode("l", &into); !errors.Is(err, subs.ErrExpansionTooLarge) {
		t.Errorf("the error is %v", err)
	}
	var ids []string
	if err := v.Decode("l", &ids); err != nil || len(ids) != subs.MaxExpansion/size {
		t.Errorf("%d ids, %v", len(ids), err)
	}
}
