package core

import (
	"math/rand/v2"
	"time"

	"github.com/resclient/resclient-go/subs"
)

// Config is what a [Core] is made with. There are no defaults here: the package
// conn has them, and has checked what the user gave.
type Config struct {
	Gateways     []string // what to call each gateway in transitions; at least one, tried in this order
	Authenticate bool     // whether there is a hook to run before the replay
	AccessDenied bool     // whether there is a hook to run when a subscription is denied

	VersionTimeout time.Duration // for the answer to the version request
	AuthTimeout    time.Duration // for either of these hooks
	RequestTimeout time.Duration // for any other answer, from the write on

	StableAfter time.Duration // Connected for so long, the back-off starts anew
	MaxDelay    time.Duration // between two dials, whatever the back-off says

	ReplayWindow    int // subscribe requests that may be out in a replay, at the least
	MaxReplayWindow int // and while the gateway answers without delay

	ReplaySlot   time.Duration // after so long, an unanswered one gives up its place
	ReplayRate   int           // subscribe requests a second in a replay; 0 for any number
	ReplayJitter time.Duration // a replay begins at random up to so long after the connection
	OfflineQueue int           // calls that may wait for a connection
	FailFast     bool          // calls do not wait for a connection

	Linger         time.Duration // how long what is closed stays subscribed; 0 for not at all
	RetryFloor     time.Duration // least delay before retrying what is likely to fail again, and between two runs of the AccessDenied hook
	ResyncInterval time.Duration // least time between two planned reconnects
	ProbeInterval  time.Duration // before the first look for what is stuck; 0 for never
	NoticeInterval time.Duration // least time between two notices of one kind

	Types          []subs.Type // what resources are decoded into
	ExpansionDepth int         // how many references deep views and decoded events expand
	Rand           *rand.Rand  // for jitter
}
