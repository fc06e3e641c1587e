package resgatetest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/resclient/resclient-go/res"
)

// Service is the other side of the gateway: services that hold their
// resources in memory and speak the RES-Service protocol. It has the resources
// it is given, lets everybody do everything until [Service.HandleAccess] says
// otherwise, and can fail in the ways that services do.
//
// All methods may be called from several goroutines, and from handlers. Events
// reach the gateway in the order of the calls that made them, and before the
// answer of the handler that made them.
type Service struct {
	bus     *memoryBus
	ctx     context.Context // of handlers; ends with the service
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	resources map[string]*stored // by resource id
	normal    map[string]func(query string) string
	failing   map[string]*res.Error
	calls     []*callHandler
	auths     []*callHandler
	accesses  []*accessHandler
	faults    []*fault
	queries   queryLog
}

// stored is a resource as the service has it: a model or a collection.
type stored struct {
	model map[string]res.Value // nil for a collection
	list  []res.Value
}

// NewService makes a service for gateways to share, see [WithService]. Who
// makes it closes it.
func NewService() *Service {
	s := &Service{
		resources: make(map[string]*stored),
		normal:    make(map[string]func(string) string),
		failing:   make(map[string]*res.Error),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.bus = newMemoryBus(s)
	return s
}

// Close ends the service, after the gateways that use it. It cancels the
// context of handlers and waits for them.
func (s *Service) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.running.Wait()
	s.bus.close()
	return nil
}

// Bus returns the bus that the service is on, for something other than a gateway
// that is to reach it.
func (s *Service) Bus() Bus { return s.bus }

// SetModel makes rid a model with the given properties, whose values may be
// primitives, [res.Ref], [res.SoftRef], [res.DataValue], and maps, slices and
// structs, which become data values. If it was a model, a change event tells
// the difference; if it was a collection, a delete event goes before.
func (s *Service) SetModel(rid string, props map[string]any) error {
	return s.set(rid, true, func() (*stored, error) { return newModel(rid, props) })
}

// SetCollection makes rid a collection with the given values, see
// [Service.SetModel]. If it was a collection, remove and add events tell the
// difference.
func (s *Service) SetCollection(rid string, values []any) error {
	return s.set(rid, true, func() (*stored, error) { return newCollection(rid, values) })
}

// SetModelSilently is SetModel without events, as when a service was away
// while its resources changed. The gateway learns of it by [Service.Reset],
// or when it has to ask.
func (s *Service) SetModelSilently(rid string, props map[string]any) error {
	return s.set(rid, false, func() (*stored, error) { return newModel(rid, props) })
}

// SetCollectionSilently is SetCollection without events.
func (s *Service) SetCollectionSilently(rid string, values []any) error {
	return s.set(rid, false, func() (*stored, error) { return newCollection(rid, values) })
}

func newModel(rid string, props map[string]any) (*stored, error) {
	model := make(map[string]res.Value, len(props))
	for name, x := range props {
		v, err := resourceValue(x)
		if err != nil {
			return nil, fmt.Errorf("resgatetest: property %q of %q: %w", name, rid, err)
		}
		model[name] = v
	}
	return &stored{model: model}, nil
}

func newCollection(rid string, values []any) (*stored, error) {
	list := make([]res.Value, len(values))
	for i, x := range values {
		v, err := resourceValue(x)
		if err != nil {
			return nil, fmt.Errorf("resgatetest: value %d of %q: %w", i, rid, err)
		}
		list[i] = v
	}
	return &stored{list: list}, nil
}

// resourceValue makes a value that may be part of a resource.
func resourceValue(x any) (res.Value, error) {
	v, err := res.ValueOf(x)
	if err == nil && v.Kind() == res.Delete {
		err = fmt.Errorf("a delete action belongs in a change")
	}
	return v, err
}

func (s *Service) set(rid string, tell bool, make func() (*stored, error)) error {
	if !validRID(rid) {
		return fmt.Errorf("resgatetest: no resource id: %q", rid)
	}
	is, err := make()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if was := s.resources[rid]; was != nil && tell {
		if err := s.publishEvents(rid, was.eventsTo(is)...); err != nil {
			return err
		}
	}
	s.resources[rid] = is
	return nil
}

// serviceEvent is an event as services send it.
type serviceEvent struct {
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data,omitempty"`
}

func newEvent(name string, data any) serviceEvent {
	return serviceEvent{Event: name, Data: encode(data)}
}

type changeEvent struct {
	Values map[string]res.Value `json:"values"`
}

type addEvent struct {
	Idx   int       `json:"idx"`
	Value res.Value `json:"value"`
}

type removeEvent struct {
	Idx int `json:"idx"`
}

// eventsTo gives the events that make was to is.
func (was *stored) eventsTo(is *stored) []serviceEvent {
	switch {
	case (was.model == nil) != (is.model == nil):
		return []serviceEvent{{Event: "delete"}}
	case is.model == nil:
		var events []serviceEvent
		for _, step := range collectionDiff(was.list, is.list, res.Value.Equal) {
			if step.add {
				events = append(events, newEvent("add", addEvent{step.idx, step.value}))
			} else {
				events = append(events, newEvent("remove", removeEvent{step.idx}))
			}
		}
		return events
	}
	values := make(map[string]res.Value)
	for name, v := range is.model {
		if !v.Equal(was.model[name]) {
			values[name] = v
		}
	}
	for name := range was.model {
		if _, ok := is.model[name]; !ok {
			values[name], _ = res.ValueOf(res.DeleteAction)
		}
	}
	if len(values) == 0 {
		return nil
	}
	return []serviceEvent{newEvent("change", changeEvent{values})}
}

// publishEvents sends events on a resource. Those of a query go the way of a
// query event: the gateway asks for them.
func (s *Service) publishEvents(rid string, events ...serviceEvent) error {
	name, query := splitRID(rid)
	if query != "" && len(events) > 0 {
		subject := s.queries.add(rid, events)
		return s.bus.publish("event."+name+".query", encode(map[string]string{"subject": subject}))
	}
	for _, ev := range events {
		if err := s.bus.publish("event."+name+"."+ev.Event, ev.Data); err != nil {
			return fmt.Errorf("resgatetest: %s event of %q: %w", ev.Event, rid, err)
		}
	}
	return nil
}

// update changes a resource and sends what change gives.
func (s *Service) update(rid string, change func(*stored) (*stored, serviceEvent, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.resources[rid]
	if was == nil {
		return fmt.Errorf("resgatetest: no resource %q", rid)
	}
	is, ev, err := change(was)
	if err == nil {
		err = s.publishEvents(rid, ev)
	}
	if err != nil {
		return fmt.Errorf("resgatetest: %q: %w", rid, err)
	}
	s.resources[rid] = is
	return nil
}

// Change changes properties of a model, adds them, or with
// [res.DeleteAction] deletes them, and sends a change event.
func (s *Service) Change(rid string, values map[string]any) error {
	return s.update(rid, func(was *stored) (*stored, serviceEvent, error) {
		if was.model == nil {
			return nil, serviceEvent{}, fmt.Errorf("no model")
		}
		model := maps.Clone(was.model)
		changed := make(map[string]res.Value, len(values))
		for name, x := range values {
			v, err := res.ValueOf(x)
			if err != nil {
				return nil, serviceEvent{}, fmt.Errorf("property %q: %w", name, err)
			}
			changed[name] = v
			if v.Kind() == res.Delete {
				delete(model, name)
			} else {
				model[name] = v
			}
		}
		return &stored{model: model}, newEvent("change", changeEvent{changed}), nil
	})
}

// Add inserts a value into a collection, before index idx, and sends an add
// event.
func (s *Service) Add(rid string, idx int, x any) error {
	return s.update(rid, func(was *stored) (*stored, serviceEvent, error) {
		v, err := resourceValue(x)
		switch {
		case err != nil:
			return nil, serviceEvent{}, err
		case was.model != nil:
			return nil, serviceEvent{}, fmt.Errorf("no collection")
		case idx < 0 || idx > len(was.list):
			return nil, serviceEvent{}, fmt.Errorf("add at %d of %d", idx, len(was.list))
		}
		list := slices.Insert(slices.Clone(was.list), idx, v)
		return &stored{list: list}, newEvent("add", addEvent{idx, v}), nil
	})
}

// Remove takes the value at index idx out of a collection and sends a remove
// event.
func (s *Service) Remove(rid string, idx int) error {
	return s.update(rid, func(was *stored) (*stored, serviceEvent, error) {
		switch {
		case was.model != nil:
			return nil, serviceEvent{}, fmt.Errorf("no collection")
		case idx < 0 || idx >= len(was.list):
			return nil, serviceEvent{}, fmt.Errorf("remove at %d of %d", idx, len(was.list))
		}
		list := slices.Delete(slices.Clone(was.list), idx, idx+1)
		return &stored{list: list}, newEvent("remove", removeEvent{idx}), nil
	})
}

// Event sends a custom event. The payload may be anything that encoding/json
// takes; nil is null.
func (s *Service) Event(rid, name string, payload any) error {
	if !validRID(rid) || !validPart(name) {
		return fmt.Errorf("resgatetest: no event %q on %q", name, rid)
	}
	data, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("resgatetest: event %q on %q: %w", name, rid, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.publishEvents(rid, serviceEvent{Event: name, Data: data})
}

// Delete takes a resource away and sends a delete event.
func (s *Service) Delete(rid string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.resources[rid] == nil {
		return fmt.Errorf("resgatetest: no resource %q", rid)
	}
	delete(s.resources, rid)
	return s.publishEvents(rid, serviceEvent{Event: "delete"})
}

// DeleteSilently takes a resource away without an event.
func (s *Service) DeleteSilently(rid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.resources, rid)
}

// Reaccess makes the gateway ask again who may read a resource.
func (s *Service) Reaccess(rid string) error {
	name, _ := splitRID(rid)
	return s.Publish("event."+name+".reaccess", nil)
}

// Reset makes the gateway ask again for the resources, and for access to
// them, whose names match one of the patterns (system.reset).
func (s *Service) Reset(resources, access []string) error {
	return s.Publish("system.reset", encode(struct {
		Resources []string `json:"resources,omitempty"`
		Access    []string `json:"access,omitempty"`
	}{resources, access}))
}

// SetToken gives a connection a token, and with tid, if it is not empty, an
// id for it. A nil token clears it.
func (s *Service) SetToken(cid string, token any, tid string) error {
	data, err := json.Marshal(token)
	if err != nil {
		return fmt.Errorf("resgatetest: token: %w", err)
	}
	return s.Publish("conn."+cid+".token", encode(struct {
		Token json.RawMessage `json:"token"`
		TID   string          `json:"tid,omitempty"`
	}{data, tid}))
}

// Publish sends any message on any subject, proper or not, such as an event
// that services should not send.
func (s *Service) Publish(subject string, payload []byte) error {
	return s.bus.publish(subject, payload)
}

// Model gives the properties of a model as the service has them. It reports
// whether there is such a model.
func (s *Service) Model(rid string) (map[string]res.Value, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.resources[rid]
	if r == nil || r.model == nil {
		return nil, false
	}
	return maps.Clone(r.model), true
}

// Collection gives the values of a collection as the service has them. It
// reports whether there is such a collection.
func (s *Service) Collection(rid string) ([]res.Value, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.resources[rid]
	if r == nil || r.model != nil {
		return nil, false
	}
	return slices.Clone(r.list), true
}
