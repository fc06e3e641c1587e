package conn

import "time"

// KeepAlive drives the keepalive decisions: what it would do at each of the given
// times, and when it would look again.
type KeepAlive struct{ k keepalive }

func NewKeepAlive(interval, timeout time.Duration) *KeepAlive {
	return &KeepAlive{keepalive{interval: interval, timeout: timeout}}
}

func (k *KeepAlive) Next(now, lastRead time.Time, paused bool) (string, time.Duration) {
	action, wait := k.k.next(now, lastRead, paused)
	return map[keepAction]string{keepWaiting: "wait", keepPing: "ping", keepGiveUp: "give up"}[action], wait
}
