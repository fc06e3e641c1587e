package conformance_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/internal/transcript"
	"github.com/resclient/resclient-go/resgatetest"
)

const transcripts = "../../resgatetest/testdata/transcripts"

// notHeld names the conversations that the client cannot be made to hold, and why.
var notHeld = map[string]string{
	// The client that was recorded overlaps requests about one resource, which ours never does.
	"call-unsubscribe-pending":          unsubscribesEarly,
	"count-two-pending-one-unsubscribe": unsubscribesEarly,
	"count-unsubscribe-pending":         unsubscribesEarly,
	"count-unsubscribe-pipelined":       unsubscribesEarly,
	"get-then-subscribe-pipelined":      "the subscribe waits for the answer to the get, and would not be answered as it was recorded",
	"malformed-id-duplicate":            "no id is used for two requests",

	// It says what ours never says, and nothing else.
	"malformed-huge":         nothingButMalformed,
	"malformed-id":           nothingButMalformed,
	"malformed-json":         nothingButMalformed,
	"malformed-method":       nothingButMalformed,
	"version-change":         "the client agrees on one protocol, before all else",
	"version-malformed":      versionOnly,
	"version-params-missing": versionOnly,
	"version-supported":      versionOnly,
	"version-unsupported":    versionOnly,
	"event-reserved-names":   "a service sends an unsubscribe event with a reason, which looks like one of the gateway's; the client takes it at its word",

	// It is about what is below messages; TestStandInSaysWhatTheRealGatewaySaid has it.
	"fault-half-close":             belowMessages,
	"fault-half-frame":             belowMessages,
	"fault-idle":                   belowMessages,
	"fault-partial-handshake":      belowMessages,
	"fault-sigstop-kill":           belowMessages,
	"fault-stopping":               belowMessages,
	"frame-close":                  belowMessages,
	"frame-kinds":                  belowMessages,
	"frame-violations":             belowMessages,
	"handshake-eager":              belowMessages,
	"handshake-headerauth-answers": belowMessages,
	"handshake-headerauth-refused": belowMessages,
	"handshake-origin":             belowMessages,
	"handshake-path":               belowMessages,
	"handshake-plain":              belowMessages,

	// It is not whole.
	"count-limit":                     leftOut,
	"count-many-rids":                 leftOut,
	"order-1000-cached":               leftOut,
	"order-1000-subscribes":           leftOut,
	"order-10000-subscribes":          leftOut,
	"order-events-and-response":       leftOut,
	"order-unread-pipeline":           leftOut,
	"large-chain":                     cutOff,
	"large-collection-refs":           cutOff,
	"large-collection-refs-throttled": cutOff,
}

const (
	unsubscribesEarly   = "the client never unsubscribes what it has not been granted yet"
	nothingButMalformed = "the client sends nothing that is malformed, and nothing else is in it"
	versionOnly         = "the client asks for one protocol; nothing else is in it"
	belowMessages       = "nothing is in it that a gateway has to say to the client"
	leftOut             = "the recording leaves out the messages"
	cutOff              = "the recording cuts a message with different resources in it"
)

// spoken names the protocol of the gateway where it was not recorded, by scenario and
// connection: the client that was recorded did not ask for the newest.
var spoken = map[string]string{
	"version-1.2.0 ":         "1.2.0",
	"version-never-sent ":    "1.1.1",
	"fault-reconnect second": "1.1.1",
}

// resynced names the conversations in which the client comes to doubt its copy, and why.
var resynced = map[string]string{
	"count-resent-stale":            oldCopy,
	"count-resent-stale-event":      oldCopy,
	"count-resent-stale-list":       oldCopy,
	"review-stale":                  oldCopy,
	"review-loading-event-get":      oldCopy,
	"review-fresh-reverted":         "the copy is fresh, and equals the one that was sent first: the frames are those of review-stale",
	"event-delete-both":             reborn,
	"fault-service-reset-too-early": reborn,
}

const (
	oldCopy = "the gateway sends what it once loaded"
	reborn  = "what comes after a delete equals what was deleted, so that it may be the dead copy"
)

// compared names the conversations in which the client compares its copy with what the
// gateway has under another id, and why.
var compared = map[string]string{
	"event-change-ref-mixed": "the gateway sends again what the client holds, so that events may be lost",
}

// untold names the conversations at whose end the client has not been told what the
// services have, and why.
var untold = map[string]string{
	"order-event-flood": "the recording leaves out most of what the service said",
}

// TestClientHoldsConversationsOfTheRealGateway drives the client through what was
// recorded from the real gateway, message by message. After each, its copies are what the
// messages say, and what each subscription was told leads to the same; each request of the
// program ends as recorded; at the end the services are the truth.
func TestClientHoldsConversationsOfTheRealGateway(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(transcripts, "*.jsonl"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	held := 0
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".jsonl")
		t.Run(name, func(t *testing.T) {
			tr, err := transcript.Read(path)
			if err != nil {
				t.Fatal(err)
			}
			var why error
			synctest.Test(t, func(t *testing.T) {
				w := &world{t: t, patience: time.Hour, pause: 10 * time.Millisecond, network: resgatetest.NewNetwork()}
				c := &conversation{w: w, tr: tr, truth: newTruth(), talks: map[string]*talk{}}
				why = c.hold()
			})
			switch reason, listed := notHeld[name]; {
			case why == nil && listed:
				t.Errorf("it is listed as one that cannot be held (%s), and was held", reason)
			case why == nil:
				held++
			case listed:
				t.Logf("not held: %s: %v", reason, why)
			default:
				t.Error(why)
			}
		})
	}
	for _, table := range []map[string]string{notHeld, resynced, compared, untold} {
		for name := range table {
			if _, err := os.Stat(filepath.Join(transcripts, name+".jsonl")); err != nil {
				t.Errorf("listed: %v", err)
			}
		}
	}
	t.Logf("%d of %d conversations were held", held, len(paths))
}
