package res_test

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/resclient/resclient-go/res"
)

func TestAQueryIsSpelledInOneWay(t *testing.T) {
	a := res.WithQuery("library.books", url.Values{"start": {"0"}, "limit": {"10"}, "text": {"a b&c?é"}})
	b := res.WithQuery("library.books", url.Values{"text": {"a b&c?é"}, "limit": {"10"}, "start": {"0"}})
	if want := "library.books?limit=10&start=0&text=a+b%26c%3F%C3%A9"; a != want || b != want {
		t.Errorf("got %q and %q, want %q", a, b, want)
	}
	if err := res.CheckRID(a); err != nil {
		t.Error(err)
	}
	if name, query := res.SplitRID(a); name != "library.books" || query != a[len(name)+1:] {
		t.Errorf("split into %q and %q", name, query)
	}
	if got := res.WithQuery("library.books", nil); got != "library.books" {
		t.Errorf("without parameters it is %q", got)
	}
}

func ExampleWithQuery() {
	fmt.Println(res.WithQuery("library.books", url.Values{"start": {"20"}, "limit": {"10"}}))
	// Output: library.books?limit=10&start=20
}
