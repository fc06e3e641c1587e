package conn

import (
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/state"
)

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

// TransitionMessage returns what the log says of an event, "" for nothing.
func TransitionMessage(k state.EventKind) string { return transitionLines[k].message }

// NoticeMessage returns what the log says of a notice, "" for nothing.
func NoticeMessage(k core.NoticeKind) string { return noticeLines[k].message }

// The limits that no option sets.
const (
	DrainLimit     = drainLimit
	HandshakeLimit = handshakeLimit
	BodyKept       = bodyKept
	OutboxLimit    = outboxLimit
	HookLimit      = hookLimit
	FrameLimit     = frameLimit
	HookBytes      = hookBytes
)

// Defaults are what options change, in the words of the documents.
type Defaults struct {
	ReadLimit, ReadBuffer, OfflineQueue, QueueEvents, QueueBytes, ReplayWindow, MaxReplayWindow, ExpansionDepth int

	DialTimeout, HandshakeTimeout, VersionTimeout, AuthTimeout, RequestTimeout, WriteTimeout time.Duration
	PingInterval, PingTimeout, MaxDelay, StableAfter, ProbeInterval                          time.Duration

	BackOff, RetryBackOff func() backoff.BackOff
}

func NewDefaults() Defaults {
	s := defaults()
	return Defaults{
		s.readLimit, s.readBuffer, s.offlineQueue, s.queueLimits.Events, s.queueLimits.Bytes, s.replayWindow, s.maxReplayWindow, s.depth,
		s.dialTimeout, s.shakeTimeout, s.versionTimeout, s.authTimeout, s.requestTimeout, s.writeTimeout,
		s.pingInterval, s.pingTimeout, s.maxDelay, s.stableAfter, s.probe,
		s.backOff, s.retryBackOff,
	}
}

// RoomLeft returns the room, in bytes, that a connection leaves to the next, if the frames of
// each burst were waiting together, and those of the last when it was lost.
func RoomLeft(bursts ...[]byte) int {
	o := newOutbox(writeRoom{})
	for i, frame := range bursts {
		if i > 0 {
			o.take()
		}
		o.put([]core.Frame{{Data: frame}})
	}
	room := o.leave()
	return cap(room.waiting.text) + cap(room.written.text)
}
