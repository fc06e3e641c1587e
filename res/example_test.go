package res_test

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/resclient/resclient-go/res"
)

func ExampleParseValue() {
	for _, text := range []string{`0.10`, `"a \u003c b"`, `{"rid":"inventory.item.42"}`, `{"data":[1,2]}`} {
		v, err := res.ParseValue([]byte(text))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: %s\n", v.Kind(), v)
	}
	// Output:
	// number: 0.10
	// string: a < b
	// reference: inventory.item.42
	// data: [1,2]
}

func ExampleParseValue_bareObject() {
	_, err := res.ParseValue([]byte(`{"x":1}`))
	fmt.Println(err)
	// Output:
	// invalid value "{\"x\":1}": an object must be a reference or inside a data value
}

func ExampleValueOf() {
	type size struct {
		Width  int `json:"width"`
		Height int `json:"height"`
	}
	for _, x := range []any{"bolt", 42, res.Ref("inventory.items"), res.SoftRef("user.7"), size{3, 4}, res.DeleteAction} {
		v, err := res.ValueOf(x)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(v.Raw())
	}
	// Output:
	// "bolt"
	// 42
	// {"rid":"inventory.items"}
	// {"rid":"user.7","soft":true}
	// {"data":{"width":3,"height":4}}
	// {"action":"delete"}
}

func ExampleValue_Decode() {
	v, err := res.ParseValue([]byte(`{"data":["red","green"]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	var colors []string
	if err := v.Decode(&colors); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(colors[1])
	// Output:
	// green
}

func ExampleValue_Equal() {
	parse := func(text string) res.Value {
		v, err := res.ParseValue([]byte(text))
		if err != nil {
			fmt.Println(err)
		}
		return v
	}
	fmt.Println(parse(`{"data":{"a":1,"b":2}}`).Equal(parse(`{"data":{"b":2,"a":1}}`)))
	fmt.Println(parse(`0.1`).Equal(parse(`0.10`)))
	// Output:
	// true
	// false
}

func ExampleRef() {
	var item struct {
		Name  string                  `json:"name"`
		Owner res.Ref                 `json:"owner"`
		Tags  res.DataValue[[]string] `json:"tags"`
	}
	err := json.Unmarshal([]byte(`{"name":"bolt","owner":{"rid":"user.7"},"tags":{"data":["steel"]}}`), &item)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(item.Name, item.Owner, item.Tags.Data)
	// Output:
	// bolt user.7 [steel]
}

func ExampleCheckRID() {
	fmt.Println(res.CheckRID("inventory.items?page=2"))
	fmt.Println(res.CheckRID("inventory.*"))
	// Output:
	// <nil>
	// invalid resource id "inventory.*": character '*' is not allowed
}

func ExampleSplitRID() {
	name, query := res.SplitRID("inventory.items?page=2")
	fmt.Println(name)
	fmt.Println(query)
	// Output:
	// inventory.items
	// page=2
}

func ExamplePattern_Matches() {
	p := res.Pattern("inventory.item.*")
	fmt.Println(p.Matches("inventory.item.42"))
	fmt.Println(p.Matches("inventory.item.42.history"))
	// Output:
	// true
	// false
}

func ExampleError() {
	err := fmt.Errorf("subscribe to %q: %w", "inventory.items", &res.Error{Code: res.CodeNotFound, Message: "No such shop"})
	fmt.Println(err)
	fmt.Println(errors.Is(err, res.ErrNotFound))
	// Output:
	// subscribe to "inventory.items": No such shop (system.notFound)
	// true
}
