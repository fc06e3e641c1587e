package simulation

// act is something that can happen.
type act struct {
	name     string
	weight   int
	optional bool // not in every run
	do       func(*world, *dice)
}

// acts are all of them. A name does not change, or runs that were kept could not be
// read; a weight may.
var acts = []act{
	{"subscribe", 60, false, (*world).actSubscribe},
	{"close", 45, false, (*world).actClose},
	{"read", 30, false, (*world).actRead},
	{"give-up", 15, true, (*world).actGiveUp},
	{"get", 25, true, (*world).actGet},
	{"call", 25, true, (*world).actCall},
	{"login", 5, true, (*world).actLogin},
	{"stream", 5, true, (*world).actStream},
	{"ask", 5, true, (*world).actAsk},
	{"reconnect", 3, true, (*world).actReconnect},

	{"change", 150, false, (*world).actChange},
	{"custom", 10, true, (*world).actCustom},
	{"delete", 10, true, (*world).actDelete},
	{"create", 20, false, (*world).actCreate},
	{"restart-service", 5, true, (*world).actRestartService},
	{"deny", 10, true, (*world).actDeny},
	{"reaccess", 10, true, (*world).actReaccess},

	{"receive", 90, false, (*world).actReceive},
	{"work", 150, false, (*world).actWork},
	{"hear", 60, false, (*world).actHear},
	{"serve", 150, false, (*world).actServe},
	{"serve-error", 10, true, (*world).actServeError},
	{"prolong", 4, true, (*world).actProlong},

	{"deliver", 200, false, (*world).actDeliver},
	{"dial", 60, false, (*world).actDial},
	{"hook", 60, false, (*world).actHook},
	{"policy", 60, false, (*world).actPolicy},
	{"wait", 30, false, (*world).actWait},
	{"wait-long", 4, true, (*world).actWaitLong},

	{"cut", 4, true, (*world).actCut},
	{"late-words", 4, true, (*world).actLateWords},
	{"lose-request", 3, true, (*world).actLoseRequest},
	{"too-large", 2, true, (*world).actTooLarge},
	{"garble", 1, true, (*world).actGarble},
	{"talk-nonsense", 4, true, (*world).actTalkNonsense},
	{"repeat", 2, true, (*world).actRepeat},
	{"lie", 1, true, (*world).actLie},
	{"kill", 2, true, (*world).actKill},
	{"start", 20, false, (*world).actStart},
	{"freeze", 2, true, (*world).actFreeze},
	{"thaw", 20, false, (*world).actThaw},

	// Once in a run, if at all; see ending.
	{"drain", 0, false, (*world).actDrain},
	{"end", 0, false, (*world).actEnd},
}

func (w *world) pickName(d *dice) name { return played[d.n(w.setup.Names)] }

func (w *world) pickThing(d *dice) *thing { return w.things[spellings[w.pickName(d)].thing] }

func pick[T any](from []T, d *dice) (picked T, ok bool) {
	if len(from) == 0 {
		return picked, false
	}
	return from[d.n(len(from))], true
}
