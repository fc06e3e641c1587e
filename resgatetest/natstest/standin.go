package natstest

import "github.com/resclient/resclient-go/resgatetest"

func startStandIn(c config) (Gateway, error) {
	s, err := resgatetest.NewUnstarted(
		resgatetest.WithTimeout(c.timeout),
		resgatetest.WithBusDialer(func() (resgatetest.Bus, error) { return DialBus(c.natsURL) }))
	if err != nil {
		return nil, err
	}
	if err := s.Start(); err != nil {
		return nil, err
	}
	return s, nil
}
