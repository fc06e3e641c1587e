package natstest

import "github.com/resclient/resclient-go/resgatetest"

func startStandIn(c config) (Gateway, error) {
	opts := []resgatetest.Option{
		resgatetest.WithTimeout(c.timeout),
		resgatetest.WithBusDialer(func() (resgatetest.Bus, error) { return DialBus(c.natsURL) }),
	}
	if c.compression {
		opts = append(opts, resgatetest.WithCompression())
	}
	s, err := resgatetest.NewUnstarted(opts...)
	if err != nil {
		return nil, err
	}
	if err := s.Start(); err != nil {
		return nil, err
	}
	return s, nil
}
