package wire_test

import (
	"errors"
	"fmt"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

func ExampleVersion() {
	printFrame(wire.Version(1, wire.Protocol))
	// Output:
	// {"id":1,"method":"version","params":{"protocol":"1.2.3"}}
}

func ExampleSubscribe() {
	printFrame(wire.Subscribe(2, "inventory.items?page=2"))
	// Output:
	// {"id":2,"method":"subscribe.inventory.items?page=2"}
}

func ExampleUnsubscribe() {
	printFrame(wire.Unsubscribe(3, "inventory.items", 1))
	printFrame(wire.Unsubscribe(4, "inventory.items", 2))
	// Output:
	// {"id":3,"method":"unsubscribe.inventory.items"}
	// {"id":4,"method":"unsubscribe.inventory.items","params":{"count":2}}
}

func ExampleGet() {
	printFrame(wire.Get(5, "inventory.item.42"))
	// Output:
	// {"id":5,"method":"get.inventory.item.42"}
}

func ExampleCall() {
	printFrame(wire.Call(6, "inventory.item.42", "set", []byte(`{"quantity":17}`)))
	// Output:
	// {"id":6,"method":"call.inventory.item.42.set","params":{"quantity":17}}
}

func ExampleAuth() {
	printFrame(wire.Auth(7, "auth.user", "login", []byte(`{"token":"…"}`)))
	// Output:
	// {"id":7,"method":"auth.auth.user.login","params":{"token":"…"}}
}

func ExampleNew() {
	printFrame(wire.New(8, "inventory.items", []byte(`{"name":"Bolt"}`)))
	// Output:
	// {"id":8,"method":"new.inventory.items","params":{"name":"Bolt"}}
}

func ExampleRequest_Append_refused() {
	_, err := wire.Subscribe(9, "inventory..items").Append(nil)
	fmt.Println(err)
	fmt.Println(errors.Is(err, res.ErrInvalidRID))
	// Output:
	// build subscribe request for "inventory..items": invalid resource id "inventory..items": a part is empty
	// true
}

func ExampleParseRequest() {
	request, err := wire.ParseRequest([]byte(`{"id":6,"method":"call.inventory.item.42.set","params":{"quantity":17}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(request.ID, request.Type, request.RID, request.Method, string(request.Params))
	// Output:
	// 6 call inventory.item.42 set {"quantity":17}
}

// A gateway answers some bad requests with an error, and ignores others.
func ExampleParseRequest_refused() {
	request, err := wire.ParseRequest([]byte(`{"id":6,"method":"watch.inventory"}`))
	if answer, ok := errors.AsType[*res.Error](err); ok {
		fmt.Println("answer request", request.ID, "with", answer)
	}
	// Output:
	// answer request 6 with Invalid request (system.invalidRequest)
}

// A subscription confirmed: the response has all that is needed to follow the
// references of the resource.
func ExampleParse_subscription() {
	message, err := wire.Parse([]byte(`{"result":{
		"collections":{"inventory.items":[{"rid":"inventory.item.42"}]},
		"models":{"inventory.item.42":{"name":"Bolt","quantity":17}}
	},"id":2}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	response := message.(*wire.Response)
	set, err := response.Set()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("request", response.ID)
	for _, resource := range set.Resources {
		fmt.Println(resource.Kind, resource.RID, resource.Model, resource.Collection)
	}
	// Output:
	// request 2
	// model inventory.item.42 [{name Bolt} {quantity 17}] []
	// collection inventory.items [] [inventory.item.42]
}

func ExampleParse_event() {
	frames := []string{
		`{"event":"inventory.item.42.change","data":{"values":{"note":{"action":"delete"},"quantity":16}}}`,
		`{"event":"inventory.items.add","data":{"idx":1,"value":{"rid":"inventory.item.43"},"models":{"inventory.item.43":{"name":"Nut"}}}}`,
		`{"event":"inventory.items.remove","data":{"idx":0}}`,
		`{"event":"inventory.items.unsubscribe","data":{"reason":{"code":"system.accessDenied","message":"Access denied"}}}`,
		`{"event":"inventory.items.sold","data":{"item":42}}`,
	}
	for _, frame := range frames {
		message, err := wire.Parse([]byte(frame))
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := printEvent(message.(*wire.Event)); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// inventory.item.42: note is {"action":"delete"}
	// inventory.item.42: quantity is 16
	// inventory.items: inventory.item.43 at 1, with 1 resource
	// inventory.items: removed at 0
	// inventory.items: unsubscribed: Access denied (system.accessDenied)
	// inventory.items: sold {"item":42}
}

func printEvent(e *wire.Event) error {
	switch e.Name {
	case wire.EventChange:
		change, err := e.Change()
		for _, p := range change.Values {
			fmt.Printf("%s: %s is %s\n", e.RID, p.Name, p.Value)
		}
		return err
	case wire.EventAdd:
		add, err := e.Add()
		fmt.Printf("%s: %s at %d, with %d resource\n", e.RID, add.Value, add.Index, len(add.Set.Resources))
		return err
	case wire.EventRemove:
		remove, err := e.Remove()
		fmt.Printf("%s: removed at %d\n", e.RID, remove.Index)
		return err
	case wire.EventUnsubscribe:
		reason, err := e.Reason()
		fmt.Printf("%s: unsubscribed: %v\n", e.RID, reason)
		return err
	}
	fmt.Printf("%s: %s %s\n", e.RID, e.Name, e.Data)
	return nil
}

func ExampleParse_error() {
	message, err := wire.Parse([]byte(`{"error":{"code":"system.notFound","message":"Not found"},"id":2}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = message.(*wire.Response).Set()
	fmt.Println(err)
	fmt.Println(errors.Is(err, res.ErrNotFound))
	// Output:
	// Not found (system.notFound)
	// true
}

func ExampleParse_broken() {
	_, err := wire.Parse([]byte(`{"result":{"models":{},"id":2}`))
	fmt.Println(err)
	// Output:
	// invalid message at byte 30: unexpected EOF
}

func ExampleResponse_CallResult() {
	for _, frame := range []string{
		`{"result":{"payload":{"total":3}},"id":6}`,
		`{"result":{"rid":"inventory.item.44","models":{"inventory.item.44":{"name":"Washer"}}},"id":7}`,
	} {
		message, err := wire.Parse([]byte(frame))
		if err != nil {
			fmt.Println(err)
			return
		}
		result, err := message.(*wire.Response).CallResult()
		if err != nil {
			fmt.Println(err)
			return
		}
		if result.Payload != nil {
			fmt.Printf("payload %s\n", result.Payload)
		} else {
			fmt.Println("resource", result.RID)
		}
	}
	// Output:
	// payload {"total":3}
	// resource inventory.item.44
}

func ExampleResponse_Protocol() {
	message, err := wire.Parse([]byte(`{"result":{"protocol":"1.2.3"},"id":1}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(message.(*wire.Response).Protocol())
	// Output:
	// 1.2.3 <nil>
}

func printFrame(request wire.Request) {
	frame, err := request.Append(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s\n", frame)
}

// A gateway below protocol 1.2.0 answers calls with the bare payload.
func ExampleResponse_LegacyCallResult() {
	message, err := wire.Parse([]byte(`{"result":{"total":3},"id":6}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := message.(*wire.Response).LegacyCallResult()
	fmt.Printf("payload %s %v\n", result.Payload, err)
	// Output: payload {"total":3} <nil>
}
