package simulation

// Shrink leaves out of a run that fails what it fails without, and makes its setup as
// plain as it can be: to a run of which nothing can be left out. It must fail in the
// same way, or a second fault could take the place of the first.
func (r *Run) Shrink() *Run {
	failure := r.Play(false).Failure
	if failure == nil {
		return r
	}
	s := shrinker{what: failure.What, best: r}
	for before := -1; before != s.size(); {
		before = s.size()
		s.leaveOut()
		s.simplify()
		s.settleNumbers()
	}
	return s.best
}

type shrinker struct {
	what string
	best *Run
}

func (s *shrinker) size() int { return len(s.best.decisions) }

// try takes a run for the best one if it fails in the same way.
func (s *shrinker) try(r *Run) bool {
	failure := r.Play(false).Failure
	if failure == nil || failure.What != s.what {
		return false
	}
	s.best = r
	return true
}

// leaveOut leaves out decisions: large pieces first, then smaller ones.
func (s *shrinker) leaveOut() {
	for size := max(1, s.size()/2); size > 0; size /= 2 {
		for at := s.size() - size; at >= 0; at -= size {
			all := s.best.decisions
			if at+size > len(all) {
				continue
			}
			shorter := make([]decision, 0, len(all)-size)
			shorter = append(append(shorter, all[:at]...), all[at+size:]...)
			s.try(&Run{Setup: s.best.Setup, decisions: shorter})
		}
	}
}

// simplify tries plainer setups, one change at a time.
func (s *shrinker) simplify() {
	for _, change := range []func(*Setup){
		func(x *Setup) { x.Gateways = 1 },
		func(x *Setup) { x.Window = 256 },
		func(x *Setup) { x.MaxWindow = 0 },
		func(x *Setup) { x.Rate = 0 },
		func(x *Setup) { x.Jitter = 0 },
		func(x *Setup) { x.Linger = 0 },
		func(x *Setup) { x.Probe = 0 },
		func(x *Setup) { x.Queue = 1000 },
		func(x *Setup) { x.Authenticate = false },
		func(x *Setup) { x.FailFast = false },
		func(x *Setup) { x.Lag = false },
		func(x *Setup) { x.Prompt = true },
		func(x *Setup) { x.Eager = true },
		func(x *Setup) { x.Graph = false },
		func(x *Setup) { x.Protocol = "" },
	} {
		plainer := s.best.Setup
		change(&plainer)
		if plainer != s.best.Setup {
			s.try(&Run{Setup: plainer, decisions: s.best.decisions})
		}
	}
}

// settleNumbers tries small numbers in the decisions: of those that do the same, the
// smallest is as good as any.
func (s *shrinker) settleNumbers() {
	for i := range s.best.decisions {
		for arg := range uint32(12) {
			if arg >= s.best.decisions[i].arg {
				break
			}
			decisions := append([]decision{}, s.best.decisions...)
			decisions[i].arg = arg
			if s.try(&Run{Setup: s.best.Setup, decisions: decisions}) {
				break
			}
		}
	}
}
