package conformance_test

import (
	"fmt"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// kinds says in which worlds a behaviour is tested.
type kinds uint8

const (
	memory kinds = 1 << iota
	onBus
	both = memory | onBus
)

// behaviour is one that a client must show. A number that stands several times has
// several cases.
type behaviour struct {
	number int
	name   string
	on     kinds
	run    func(*world)
	skip   string // why it is not run: "not yet: …", "known: …", "elsewhere: …"
}

// behaviours is the list of them all.
func behaviours() []behaviour {
	return []behaviour{
		// The state machine and hooks.
		{1, "initial-connect", both, initialConnect, ""},
		{2, "refused-then-up", memory, refusedThenUp, ""},
		{3, "hook-sees-stored-state", memory, hookSeesStoredState, ""},
		{4, "hook-may-call-everything", memory, hookMayCallEverything, ""},
		{5, "slow-hook", memory, slowHook, ""},
		{6, "late-state-reader", memory, lateStateReader, ""},
		{7, "close-anywhere", memory, closeAnywhere, ""},
		{8, "close-from-handler", memory, closeFromHandler, ""},

		// Version and older gateways.
		{9, "version-first", both, versionFirst, ""},
		{10, "version-invalid-request", memory, versionInvalidRequest, ""},
		{11, "version-unsupported", both, versionUnsupported, ""},
		{12, "version-silent", memory, versionSilent, ""},
		{13, "version-changes", memory, versionChanges, ""},

		// Authentication.
		{14, "auth-before-replay", both, authBeforeReplay, ""},
		{15, "others-wait", both, othersWait, ""},
		{16, "auth-retryable", memory, authRetryable, ""},
		{17, "auth-permanent", memory, authPermanent, ""},
		{18, "credentials-per-attempt", memory, credentialsPerAttempt, ""},
		{19, "revoked", both, revoked, ""},
		{19, "revoked, login crosses refusal", memory, loginCrossesRefusal, ""},

		// Subscribing, the cache and references.
		{20, "first-callback-is-snapshot", both, firstCallbackIsSnapshot, ""},
		{21, "second-subscriber", both, secondSubscriber, ""},
		{22, "concurrent-first", memory, concurrentFirst, ""},
		{23, "subscribe-error", both, subscribeError, ""},
		{24, "linger", both, linger, ""},
		{25, "unsubscribe-count", both, unsubscribeCount, ""},
		{26, "surplus-released", both, surplusReleased, ""},
		{27, "no-subscription-is-fine", both, noSubscriptionIsFine, ""},
		{28, "subscribe-during-unsubscribe", both, subscribeDuringUnsubscribe, ""},
		{29, "listened-child", both, listenedChild, ""},
		{30, "dropped-child", both, droppedChild, ""},
		{31, "get-indirect", both, getIndirect, ""},
		{32, "gc-table", memory, garbage, ""},
		{33, "deep-chain", memory, deepChain, ""},
		{34, "any-key-name", memory, anyKeyName, ""},
		{35, "missing-reference", memory, missingReference, ""},

		// Values and events.
		{36, "values", both, values, ""},
		{37, "change-old-and-new", both, changeOldAndNew, ""},
		{38, "add-remove-index", both, addRemoveIndex, ""},
		{39, "bad-index, bad-frame, unknown-rid", memory, badFrames, ""},
		{40, "custom-event", both, customEvent, ""},
		{41, "delete", both, deleted, ""},
		{41, "delete, then reconnect", both, deletedAndReconnected, ""},
		{42, "error-reference-heals", memory, errorReferenceHeals, ""},
		{42, "error-reference-reported", memory, errorReferenceReported, ""},
		{42, "error-reference-probed", both, errorReferenceProbed, ""},
		{42, "deleted-reference-probed", both, deletedReferenceProbed, ""},
		{43, "handler-panic", memory, handlerPanic, ""},
		{44, "slow-handler", memory, slowHandler, ""},
		{45, "no-callback-after-close", memory, noCallbackAfterClose, ""},

		// Calls.
		{46, "call-payloads", both, callPayloads, ""},
		{47, "call-resource", both, callResource, ""},
		{48, "call-timeout", memory, callTimeout, ""},
		{49, "call-cancel", memory, callCancel, ""},
		{50, "lost-in-flight", memory, lostInFlight, ""},
		{51, "offline-call", memory, offlineCall, ""},

		// Reconnecting and resync.
		{52, "resync-table-model", both, resyncTableModel, ""},
		{53, "resync-table-collection", both, resyncTableCollection, ""},
		{54, "resync-large", memory, resyncLarge, ""},
		{55, "replay-window", both, replayWindow, ""},
		{56, "replay-partial-failure", memory, replayPartialFailure, ""},
		{57, "flap", memory, flap, ""},
		{58, "long-outage", memory, longOutage, ""},
		{59, "half-open", memory, halfOpen, ""},
		{60, "stale-answer", memory, staleAnswer, ""},
		{61, "gap-notice", memory, gapNotice, ""},
		{62, "cid-resource", both, cidResource, ""},
		{63, "soak-kill", both, nil, "elsewhere: package conn has it: TestNothingIsLostWhileAGatewayIsKilledAgainAndAgain, longer with -kills"},
		{64, "nats-restart", onBus, natsRestart, ""},
	}
}

func TestBehaviour(t *testing.T) {
	for _, b := range behaviours() {
		t.Run(fmt.Sprintf("%02d %s", b.number, b.name), func(t *testing.T) {
			if b.skip != "" {
				t.Skip(b.skip)
			}
			if b.on&memory != 0 {
				t.Run("memory", func(t *testing.T) { inMemory(t, b.run) })
			}
			if b.on&onBus != 0 {
				t.Parallel() // it mostly waits; what is in memory has run by then
				t.Run("nats", func(t *testing.T) { onNATS(t, b.run) })
			}
		})
	}
}

// lastNumber is that of the last behaviour. None between it and 1 may be missing.
const lastNumber = 64

func TestNoBehaviourIsForgotten(t *testing.T) {
	cases, previous := map[int]int{}, 0
	for _, b := range behaviours() {
		cases[b.number]++
		if b.number < previous || b.name == "" || b.run == nil && b.skip == "" || b.on == 0 {
			t.Errorf("%d %q is out of order, or has no name, no case or no world", b.number, b.name)
		}
		previous = b.number
		if b.skip != "" {
			t.Logf("skipped: %02d %s: %s", b.number, b.name, b.skip)
		}
	}
	for number := 1; number <= lastNumber; number++ {
		if cases[number] == 0 {
			t.Errorf("behaviour %d has no case", number)
		}
	}
}
