package natstest

import (
	"errors"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/resclient/resclient-go/resgatetest"
)

// Serve puts the services behind a bus on NATS, for every gateway there. It
// answers for all resources, so there should be no other service on that NATS
// server. When the server knows that the services listen, Serve sends a
// system.reset for everything: a gateway that asked earlier would find nobody
// and take the resources for deleted.
//
// Events and answers go out on nc in the order in which the services gave
// them. When nc reconnects by itself, a reset is up to the caller. Errors of
// publishing are those of nc.
//
// After stop the gateways find nobody. It does not close nc.
func Serve(nc *nats.Conn, services resgatetest.Bus) (stop func(), err error) {
	s := &serving{nc: nc, services: services}
	s.silence, err = services.Listen(s.publish)
	if err != nil {
		return nil, fmt.Errorf("natstest: listen to services: %w", err)
	}
	if err := s.start(); err != nil {
		s.stop()
		return nil, fmt.Errorf("natstest: serve on NATS: %w", err)
	}
	return s.stop, nil
}

// serving connects services to NATS: requests one way, events and answers the
// other.
type serving struct {
	nc       *nats.Conn
	services resgatetest.Bus
	silence  func() // stops the messages of the services
	subs     []*nats.Subscription
}

func (s *serving) start() error {
	for _, subject := range []string{"access.>", "get.>", "call.>", "auth.>", "query.>"} {
		sub, err := s.nc.Subscribe(subject, s.request)
		if err != nil {
			return fmt.Errorf("subscribe to %q: %w", subject, err)
		}
		s.subs = append(s.subs, sub)
	}
	if err := s.nc.FlushTimeout(flushTimeout); err != nil {
		return err
	}
	if err := s.nc.Publish("system.reset", []byte(`{"resources":[">"],"access":[">"]}`)); err != nil {
		return err
	}
	return s.nc.FlushTimeout(flushTimeout)
}

func (s *serving) stop() {
	for _, sub := range s.subs {
		_ = sub.Unsubscribe() // fails only when the connection is gone
	}
	_ = s.nc.FlushTimeout(flushTimeout)
	s.silence()
}

func (s *serving) publish(subject string, payload []byte) {
	_ = s.nc.Publish(subject, payload) // lost with the connection, or too large
}

// request hands a request of a gateway to the services, and their answers
// back until the final one.
func (s *serving) request(m *nats.Msg) {
	cancels := make(chan func(), 1)
	var final sync.Once
	cancel, err := s.services.Request(m.Subject, m.Data, func(data []byte, err error) {
		s.answer(m.Reply, data, err)
		if !isPreResponse(data) {
			final.Do(func() { (<-cancels)() })
		}
	})
	if err == nil {
		cancels <- cancel
	}
}

func (s *serving) answer(reply string, data []byte, err error) {
	m := &nats.Msg{Subject: reply, Data: data}
	if errors.Is(err, resgatetest.ErrNoResponders) {
		m.Header = nats.Header{"Status": {"503"}} // what the server says when nobody listens
	}
	_ = s.nc.PublishMsg(m) // lost with the connection, or too large
}

// isPreResponse reports whether data only asks for more time, such as
// timeout:"5000": it begins with a letter, which no JSON object does.
func isPreResponse(data []byte) bool {
	return len(data) > 0 && 'a' <= data[0]|0x20 && data[0]|0x20 <= 'z'
}
