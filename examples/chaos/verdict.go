package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/resclient/resclient-go/resgatetest/natstest"
)

// verdict says what has become of a run, and whether that is as it must be.
type verdict struct {
	cfg     config
	gateway string        // its kind
	took    time.Duration // until everything had settled
	wrong   []error       // what had not
	errs    []error       // what the program itself could not do
	checks  []check
	facts   []fact
	record  record
}

// check is one thing that must be so.
type check struct {
	what  string
	ok    bool
	value string
}

// fact is one thing that may be so.
type fact struct{ what, value, about string }

func (v *verdict) must(what string, ok bool, format string, args ...any) {
	v.checks = append(v.checks, check{what, ok, fmt.Sprintf(format, args...)})
}

func (v *verdict) note(what, about, format string, args ...any) {
	v.facts = append(v.facts, fact{what, fmt.Sprintf(format, args...), about})
}

// clean reports whether everything is as it must be.
func (v *verdict) clean() bool {
	for _, c := range v.checks {
		if !c.ok {
			return false
		}
	}
	return len(v.checks) > 0
}

// heapRoom is by how much the heap may have grown: by what the recorder has written down, what a
// garbage collector finds late, what the gateways and NATS nodes of this process keep of
// each resource once they had to do with it, and wiretaps of each copy, and by the room that
// a client keeps for its next replay.
func (c config) heapRoom() uint64 {
	return uint64(6<<20 + c.resources*(4<<10+c.clients*512) + c.clients<<20)
}

// settled judges what there is when everything has settled.
func (v *verdict) settled(w *world, before usage) {
	v.record = w.rec.record(len(w.gateways))
	v.judgeCopies(w)
	for _, c := range w.clients {
		c.tap.wait()
	}
	v.judgeEvents(w.tally)
	v.judgeCalls(w)
	v.must("no subscription has ended by itself", w.ended() == 0, "%d", w.ended())
	v.judgeUsage(before)
	v.must("the program could do all it wanted", len(v.errs) == 0, "%d errors", len(v.errs))
	v.tell(w)
}

// judgeCopies compares what the clients have with the truth.
func (v *verdict) judgeCopies(w *world) {
	n := 0
	for _, c := range w.clients {
		n += c.conn.Stats().Resources
	}
	v.must("every copy equals the service's truth", len(v.wrong) == 0, "%d differences in %d copies, %.1f s after the last fault",
		len(v.wrong), n, v.took.Seconds())
}

func (v *verdict) judgeEvents(t *tally) {
	v.must("lost events", t.lost.Load() == 0, "%d", t.lost.Load())
	v.must("duplicate events", t.duplicates.Load() == 0, "%d", t.duplicates.Load())
	v.must("events out of order", t.disorders.Load() == 0, "%d", t.disorders.Load())
	v.must("events that contradict those before", t.misfits.Load() == 0, "%d", t.misfits.Load())
	for _, f := range t.found() {
		v.errs = append(v.errs, fmt.Errorf("%s", f))
	}
}

// judgeCalls checks that no call was carried out twice, and that those which were answered
// were carried out.
func (v *verdict) judgeCalls(w *world) {
	executed := make(map[string]int)
	for _, s := range w.services {
		for id, n := range s.executed() {
			executed[id] += n
		}
	}
	twice, never, made, answered := 0, 0, 0, 0
	for _, n := range executed {
		if n > 1 {
			twice++
		}
	}
	for _, c := range w.clients {
		made += c.made
		answered += len(c.answered)
		for _, id := range c.answered {
			if executed[id] == 0 {
				never++
			}
		}
	}
	v.must("calls carried out twice", twice == 0, "%d", twice)
	v.must("calls answered and not carried out", never == 0, "%d", never)
	v.note("calls", "made, and answered; the others have failed with an error, as they must", "%s, %s", thousands(made), thousands(answered))
}

// goroutinesOfClient is how many a client has that is connected and has nothing to do: the
// owner, and those that read, write, and watch for signs of life.
const goroutinesOfClient = 4

// judgeUsage looks until nothing is left that was needed for a while: goroutines that run a
// handler or dial, and what a gateway keeps of connections that have ended.
func (v *verdict) judgeUsage(before usage) {
	goroutines, heap := goroutinesOfClient*v.cfg.clients, before.heap+v.cfg.heapRoom()
	after := until(func(u usage) bool { return u.ofClients == goroutines && u.heap < heap }, v.cfg.patience)
	v.must("goroutines of the clients are as many as they need", after.ofClients == goroutines, "%d, and %d are needed", after.ofClients, goroutines)
	v.must("the heap is as before", after.heap < heap, "%s, and %s before", mega(after.heap), mega(before.heap))
}

// tell notes what is of interest and no matter of right or wrong.
func (v *verdict) tell(w *world) {
	writes, runs := w.writes()
	resyncs, probes, dials, untapped := uint64(0), uint64(0), uint64(0), uint64(0)
	for _, c := range w.clients {
		s := c.conn.Stats()
		probes += s.Probes
		resyncs, dials, untapped = resyncs+s.Resyncs, dials+s.Generation, untapped+s.DroppedFrameHooks
	}
	starts, compressed := int64(0), int64(0)
	for _, g := range w.gateways {
		starts += g.starts.Load()
		s := g.proxy.Stats()
		compressed += s.FromClient.Compressed + s.FromGateway.Compressed
	}
	v.must("raw frames that were not seen", untapped == 0, "%d", untapped)
	t := w.tally
	v.note("faults", "done by the monkey", "%s", thousands(len(v.record.faults)))
	v.note("outages", "times that a client was not in sync", "%s", thousands(len(v.record.outages)))
	v.note("writes", "by the services", "%s", thousands(writes))
	v.note("events", "given to subscriptions", "%s", thousands(t.events.Load()))
	v.note("compressed", fmt.Sprintf("messages, of %d of %d clients", min(v.cfg.compress, v.cfg.clients), v.cfg.clients), "%s", thousands(compressed))
	v.note("dials", "by the clients", "%s", thousands(dials))
	v.note("restarts", "of gateways", "%s", thousands(starts))
	v.note("runs", "begun by the services: at each start and each new connection to NATS", "%s", thousands(runs))
	v.note("resyncs", "reconnects that a client decided on, because something did not fit", "%s", thousands(resyncs))
	v.note("probes", "looks of clients whether a reference that is in error could be had by now", "%s", thousands(probes))
	v.note("lags", "times that a queue was full, and folded", "%s", thousands(t.lags.Load()))
	v.note("skipped", "changes that the gateway never sent: NATS had lost them, or the gateway passed over them during a reset", "%s", thousands(t.skipped.Load()))
	v.note("older", "resources that the next gateway had in an older state than the one before", "%s", thousands(t.older.Load()))
}

// ended counts the subscriptions that have ended by themselves.
func (w *world) ended() (n int) {
	for _, c := range w.clients {
		for _, h := range c.handles {
			select {
			case <-h.sub.Done():
				n++
			default:
			}
		}
	}
	return n
}

// closed judges what is left when everything was closed, and has had so much time to end.
func (v *verdict) closed(start usage, patience time.Duration) {
	end := until(func(u usage) bool { return u.goroutines <= start.goroutines }, patience)
	v.must("no goroutine is left", end.goroutines <= start.goroutines, "%d, and %d at the start", end.goroutines, start.goroutines)
	v.note("heap", "at the start, and when all was closed", "%s, %s", mega(start.heap), mega(end.heap))
}

// thousands writes 1234567 as 1,234,567.
func thousands[N int | int64 | uint64](n N) string {
	digits := fmt.Sprint(n)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

func mega(bytes uint64) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }

// print writes the verdict for people.
func (v *verdict) print(out io.Writer) {
	for _, f := range v.facts {
		fmt.Fprintf(out, "  %-10s %-22s %s\n", f.what, f.value, f.about)
	}
	for _, k := range v.record.recoveries() {
		fmt.Fprintf(out, "  %s\n", k)
	}
	for _, c := range v.checks {
		mark := "ok    "
		if !c.ok {
			mark = "FAILED"
		}
		fmt.Fprintf(out, "  %s %s: %s\n", mark, c.what, c.value)
	}
	for _, err := range append(v.first(v.wrong), v.first(v.errs)...) {
		fmt.Fprintf(out, "  ! %v\n", err)
	}
	if v.clean() {
		fmt.Fprintln(out, "verdict: clean")
		return
	}
	fmt.Fprintf(out, "verdict: NOT CLEAN; again: %s\n", v.command())
}

func (v *verdict) first(errs []error) []error { return errs[:min(len(errs), 20)] }

// standIn is what the stand-in says that it is.
const standIn = "stand-in"

// command is what runs the same again.
func (v *verdict) command() string {
	c := v.cfg
	program := "go run ./examples/chaos"
	if v.gateway != standIn {
		program = natstest.BinaryVariable + "=/path/to/resgate " + program
	}
	parts := []string{program, fmt.Sprintf("-for %s -seed %d -resources %d -clients %d -compress %d -gateways %d -services %d -writes %g -every %s",
		c.length, c.seed, c.resources, c.clients, c.compress, c.gateways, c.services, c.writes, c.every)}
	if c.faults != "all" {
		parts = append(parts, "-faults "+c.faults)
	}
	return strings.Join(parts, " ")
}
