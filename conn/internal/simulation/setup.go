package simulation

import (
	"math/rand/v2"

	"github.com/resclient/resclient-go/wire"
)

// Setup is what a run begins with. The zero values are the plain ones.
type Setup struct {
	Seed         uint64 // of the client's jitter
	Gateways     int    // at least 1
	Window       int    // of the replay, at least 1
	MaxWindow    int    // up to which it grows while the gateway answers without delay
	Rate         int    // of the replay, a second
	Jitter       int    // of the replay, in seconds
	Offline      int    // calls that may wait for a connection
	Linger       int    // in seconds
	Probe        int    // before the first look for what is stuck, in seconds; 0 for never
	Queue        int    // events that a subscription's queue holds
	Names        int    // how many of the names are used, at least 1
	Authenticate bool
	FailFast     bool
	Prompt       bool   // gateways do at once what they have to do
	Lag          bool   // messages of services take time
	Eager        bool   // programs read at once
	Graph        bool   // most values are references
	Protocol     string // of gateways, if it is an older one
}

// newSetup draws a setup.
func newSetup(seed uint64, rng *rand.Rand) Setup {
	return Setup{
		Seed:         seed,
		Gateways:     1 + rng.IntN(3),
		Window:       []int{1, 2, 3, 256}[rng.IntN(4)],
		Rate:         []int{0, 0, 0, 5}[rng.IntN(4)],
		Jitter:       []int{0, 0, 0, 3}[rng.IntN(4)],
		Offline:      rng.IntN(4),
		Linger:       []int{0, 0, 3}[rng.IntN(3)],
		Probe:        []int{0, 0, 20}[rng.IntN(3)],
		Queue:        []int{1000, 1000, 6}[rng.IntN(3)],
		Names:        2 + rng.IntN(len(played)-1),
		Authenticate: rng.IntN(4) == 0,
		FailFast:     rng.IntN(8) == 0,
		Prompt:       rng.IntN(2) == 0,
		Lag:          rng.IntN(3) == 0,
		Eager:        rng.IntN(2) == 0,
		Graph:        rng.IntN(2) == 0,
		Protocol:     []string{"", "", "", "", "", "1.2.0", wire.LegacyProtocol}[rng.IntN(7)],
	}
}
