package conn

import "time"

// keepalive decides when to ping a gateway and when to take it for dead. The
// gateway never pings by itself, and a frozen one keeps its connections open.
type keepalive struct {
	interval time.Duration // of silence before a ping
	timeout  time.Duration // after a ping, for any sign of life
	pinged   time.Time     // when the last ping was sent, zero for none that matters
}

type keepAction uint8

const (
	keepWaiting keepAction = iota
	keepPing
	keepGiveUp
)

// next says what to do now, and when to ask again. While the client's own reader
// is paused, silence says nothing about the gateway.
func (k *keepalive) next(now, lastRead time.Time, paused bool) (keepAction, time.Duration) {
	if paused {
		k.pinged = time.Time{}
		return keepWaiting, k.interval
	}
	if !lastRead.Before(k.pinged) {
		k.pinged = time.Time{}
	}
	if !k.pinged.IsZero() {
		if left := k.timeout - now.Sub(k.pinged); left > 0 {
			return keepWaiting, left
		}
		return keepGiveUp, 0
	}
	if left := k.interval - now.Sub(lastRead); left > 0 {
		return keepWaiting, left
	}
	k.pinged = now
	return keepPing, k.timeout
}
