package wire_test

import (
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// TestTranscripts reads conversations that were recorded between a client and
// Resgate 1.8.0. Each line of the file is a frame after '>' (from the client)
// or '<' (from the gateway), with the name of the connection before it if
// there are several; '#' starts a conversation. Frames over 4200 bytes are
// left out. It checks that every frame of the gateway can be read, by the
// method that fits its request; and that a client's frame is refused exactly
// when the gateway refused it for its form.
func TestTranscripts(t *testing.T) {
	text, err := os.ReadFile("testdata/transcripts.txt")
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]int{}
	for conversation := range strings.SplitSeq(strings.TrimPrefix(string(text), "# "), "\n# ") {
		name, frames, _ := strings.Cut(conversation, "\n")
		t.Run(name, func(t *testing.T) {
			connections := map[string]*connection{}
			for line := range strings.SplitSeq(strings.TrimSuffix(frames, "\n"), "\n") {
				i := strings.IndexAny(line, "<>")
				label, fromClient, frame := line[:i], line[i] == '>', []byte(line[i+1:])
				c := connections[label]
				if c == nil {
					c = &connection{read: read, protocol: wire.LegacyProtocol}
					connections[label] = c
				}
				if fromClient {
					c.request(t, frame)
				} else {
					c.message(t, frame)
				}
			}
		})
	}
	// So that a change of the file's form cannot make the test an empty one.
	for what, atLeast := range map[string]int{
		"version": 100, "subscribe": 200, "unsubscribe": 20, "get": 20, "call": 50, "auth": 10, "new": 5, "legacy call": 3,
		"refused": 50, "ignored": 20, "change": 50, "add": 30, "remove": 30, "delete": 10, "unsubscribe event": 20, "custom": 20, "error": 100,
	} {
		if read[what] < atLeast {
			t.Errorf("%d times %q were read, want at least %d", read[what], what, atLeast)
		}
	}
}

// connection is what one side of a conversation knows of the other.
type connection struct {
	read     map[string]int // counts what was read
	protocol string
	pending  []pendingRequest
}

type pendingRequest struct {
	wire.Request
	refusal *res.Error // what the gateway is expected to answer, nil if not known
}

func (c *connection) request(t *testing.T, frame []byte) {
	request, err := wire.ParseRequest(frame)
	refusal, refused := errors.AsType[*res.Error](err)
	switch {
	case err == nil:
		checkRequestAgain(t, request)
	case refused:
		c.read["refused"]++
	default:
		c.read["ignored"]++
		return
	}
	c.pending = append(c.pending, pendingRequest{request, refusal})
}

func (c *connection) message(t *testing.T, frame []byte) {
	message, err := wire.Parse(frame)
	if err != nil {
		t.Errorf("%s: %v", frame, err)
		return
	}
	switch m := message.(type) {
	case *wire.Response:
		c.response(t, m)
	case *wire.Event:
		if err := c.event(m); err != nil {
			t.Errorf("%s: %v", frame, err)
		}
	}
}

func (c *connection) response(t *testing.T, r *wire.Response) {
	i := slices.IndexFunc(c.pending, func(p pendingRequest) bool { return p.ID == r.ID })
	if i < 0 {
		t.Errorf("the response to %d answers no request", r.ID)
		return
	}
	request := c.pending[i]
	c.pending = slices.Delete(c.pending, i, i+1)
	if request.refusal != nil {
		if !errors.Is(r.Error, request.refusal) {
			t.Errorf("request %d was answered with %v, want %v", r.ID, r.Error, request.refusal)
		}
		return
	}
	if err := c.result(request.Request, r); r.Error != nil {
		c.read["error"]++
		if err != error(r.Error) {
			t.Errorf("request %d: got %v, want %v", r.ID, err, r.Error)
		}
	} else if err != nil {
		t.Errorf("request %d: %v", r.ID, err)
	}
}

// result reads a response with the method that fits its request.
func (c *connection) result(request wire.Request, r *wire.Response) error {
	c.read[request.Type.String()]++
	switch request.Type {
	case wire.TypeVersion:
		protocol, err := r.Protocol()
		if err == nil && protocol != wire.Protocol {
			return errors.New("protocol " + protocol)
		}
		if err == nil && request.Protocol != "" {
			c.protocol = request.Protocol
		}
		return err
	case wire.TypeSubscribe, wire.TypeGet:
		set, err := r.Set()
		if err != nil {
			return err
		}
		return sameAgain(set, (&wire.Response{Result: encodeSet(set)}).Set)
	case wire.TypeUnsubscribe:
		if r.Error != nil {
			return r.Error
		}
		if r.Result != nil {
			return errors.New("a result")
		}
		return nil
	case wire.TypeNew:
		return c.callResult(r)
	}
	if c.protocol < "1.2.0" {
		c.read["legacy call"]++
		_, err := r.LegacyCallResult()
		return err
	}
	return c.callResult(r)
}

func (c *connection) callResult(r *wire.Response) error {
	result, err := r.CallResult()
	if err != nil {
		return err
	}
	return sameAgain(result, (&wire.Response{Result: encodeCallResult(result)}).CallResult)
}

func (c *connection) event(e *wire.Event) error {
	switch e.Name {
	case wire.EventChange:
		c.read["change"]++
		change, err := e.Change()
		if err != nil {
			return err
		}
		return sameAgain(change, (&wire.Event{Data: encodeChange(change)}).Change)
	case wire.EventAdd:
		c.read["add"]++
		add, err := e.Add()
		if err != nil {
			return err
		}
		return sameAgain(add, (&wire.Event{Data: encodeAdd(add)}).Add)
	case wire.EventRemove:
		c.read["remove"]++
		_, err := e.Remove()
		return err
	case wire.EventDelete:
		c.read["delete"]++
	case wire.EventUnsubscribe:
		c.read["unsubscribe event"]++
		_, err := e.Reason()
		return err
	default:
		c.read["custom"]++
	}
	return nil
}

// sameAgain reads again and tells whether that gives the same.
func sameAgain[T any](want T, read func() (T, error)) error {
	got, err := read()
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(got, want) {
		return errors.New("written and read again it is another")
	}
	return nil
}

func checkRequestAgain(t *testing.T, request wire.Request) {
	t.Helper()
	frame, err := request.Append(nil)
	if err != nil {
		t.Errorf("%+v: %v", request, err)
		return
	}
	again, err := wire.ParseRequest(frame)
	if err != nil || !reflect.DeepEqual(again, request) {
		t.Errorf("%+v gives %s, which gives %+v, %v", request, frame, again, err)
	}
}
