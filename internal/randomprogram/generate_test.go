package randomprogram_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generator makes up programs.
type generator struct {
	*rand.Rand
	program
	clients, resources int
	choices            []func() // a verb that is likelier stands more often
	ends               []string // what ends the faults that there are
}

// slots is how many subscriptions a client has at a time.
const slots = 6

// generate makes up the program of a seed.
func generate(seed uint64) program {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0))}
	g.clients = 1 + g.IntN(5)/3 + g.IntN(5)/4
	g.resources = 8 + g.IntN(8)
	g.do("clients %d", g.clients)
	g.do("resources %d", g.resources)
	g.do("queue %d", 4+g.IntN(3)*g.IntN(40))
	g.chooseProfile()
	for i := range g.resources {
		g.resource("", i)
	}
	for range 20 + g.IntN(100) {
		g.step()
	}
	g.watch(rand.New(rand.NewPCG(seed, 1)))
	return g.program
}

// watch makes some subscriptions ones that are watched. It has a source of its own, so
// that the programs are otherwise those they were.
func (g *generator) watch(source *rand.Rand) {
	for i, a := range g.program {
		if words := a.args(); a.verb() == "subscribe" && source.IntN(4) == 0 {
			words[4] = []string{"watch", "slow-watch"}[source.IntN(2)]
			g.program[i] = action(strings.Join(words, " "))
		}
	}
}

// chooseProfile decides what the program is about: what everybody does is in all of
// them, the rest in some.
func (g *generator) chooseProfile() {
	g.often(8, g.subscribe, g.change)
	g.often(6, g.close)
	g.often(4, g.addOrRemove)
	g.often(2, g.get, g.call, g.set)
	g.often(1, g.callResource, g.view, g.custom)
	if g.IntN(2) == 0 {
		g.often(2, g.deleteAndCreate)
	}
	if g.IntN(2) == 0 {
		g.often(2, g.silently, g.reset)
	}
	if g.IntN(2) == 0 {
		g.often(2, g.access)
	}
	if g.IntN(3) > 0 {
		g.often(3, g.serviceFault)
	}
	if g.IntN(3) > 0 {
		g.often(2, g.delay)
	}
	if g.IntN(3) > 0 {
		g.often(1, g.gatewayFault)
	}
	if g.IntN(3) == 0 {
		g.often(1, g.reconnect)
	}
}

func (g *generator) often(times int, choices ...func()) {
	for range times {
		g.choices = append(g.choices, choices...)
	}
}

func (g *generator) step() {
	g.choices[g.IntN(len(g.choices))]()
	switch g.IntN(10) {
	case 0, 1:
		g.do("settle")
	case 2, 3, 4:
		g.do("wait %s", g.one("1ms", "5ms", "10ms", "20ms", "50ms", "100ms", "200ms", "1s", "1s", "4s", "7s", "20s"))
	}
	if len(g.ends) > 0 && g.IntN(4) == 0 {
		i := g.IntN(len(g.ends))
		g.do("%s", g.ends[i])
		g.ends = append(g.ends[:i], g.ends[i+1:]...)
	}
}

func (g *generator) do(format string, args ...any) {
	g.program = append(g.program, action(fmt.Sprintf(format, args...)))
}

func (g *generator) one(choices ...string) string { return choices[g.IntN(len(choices))] }
func (g *generator) client() int                  { return g.IntN(g.clients) }
func (g *generator) slot() int                    { return g.IntN(slots) }
func (g *generator) rid() int                     { return g.IntN(g.resources) }

// value makes up a value, see parseValue.
func (g *generator) value() string {
	switch g.IntN(12) {
	case 0, 1, 2, 3, 4, 5:
		return fmt.Sprintf("r%d", g.rid())
	case 6:
		return fmt.Sprintf("s%d", g.rid())
	case 7:
		return fmt.Sprintf("d%d", g.IntN(3))
	}
	return fmt.Sprintf("n%d", g.IntN(4))
}

func (g *generator) properties(n int, deletes bool) string {
	var words []string
	for range n {
		v := g.value()
		if deletes && g.IntN(4) == 0 {
			v = "x"
		}
		words = append(words, g.one("a", "b", "c", "d")+"="+v)
	}
	return strings.Join(words, " ")
}

func (g *generator) values(n int) string {
	var words []string
	for range n {
		words = append(words, g.value())
	}
	return strings.Join(words, " ")
}

// resource gives a resource new content. Most are of the same kind as before.
func (g *generator) resource(how string, i int) {
	model := i%2 == 0
	if g.IntN(12) == 0 && len(g.program) > g.resources {
		model = !model
	}
	if model {
		g.do("%smodel %d %s", how, i, g.properties(1+g.IntN(3), false))
	} else {
		g.do("%scollection %d %s", how, i, g.values(g.IntN(5)))
	}
}

func (g *generator) subscribe() {
	how := g.one("loop", "loop", "handler", "slow", "slow-handler", "lazy")
	patience := g.one("0", "0", "0", "5ms", "1s")
	g.do("subscribe %d %d %d %s %s", g.client(), g.slot(), g.rid(), how, patience)
}

func (g *generator) close() { g.do("close %d %d", g.client(), g.slot()) }

func (g *generator) change() { g.do("change %d %s", g.rid()&^1, g.properties(1+g.IntN(3), true)) }

func (g *generator) addOrRemove() {
	if g.IntN(2) == 0 {
		g.do("add %d %d %s", g.rid()|1, g.IntN(5), g.value())
	} else {
		g.do("remove %d %d", g.rid()|1, g.IntN(5))
	}
}

func (g *generator) get()  { g.do("get %d %d %s", g.client(), g.rid(), g.one("0", "0", "5ms")) }
func (g *generator) call() { g.do("call %d %d %s", g.client(), g.rid(), g.one("0", "0", "5ms")) }
func (g *generator) set()  { g.resource("", g.rid()) }
func (g *generator) view() { g.do("view %d %d", g.client(), g.rid()) }

func (g *generator) callResource() {
	g.do("call-resource %d %d %d %s %s", g.client(), g.slot(), g.rid(), g.one("loop", "slow", "handler"), g.one("0", "0", "5ms"))
}

func (g *generator) custom()    { g.do("event %d", g.rid()) }
func (g *generator) reconnect() { g.do("reconnect %d", g.client()) }

func (g *generator) deleteAndCreate() {
	i := g.rid()
	g.do("delete %d", i)
	if g.IntN(4) > 0 {
		g.ends = append(g.ends, "recreate "+fmt.Sprint(i))
	}
}

func (g *generator) silently() {
	if g.IntN(5) == 0 {
		g.do("silently-delete %d", g.rid())
		return
	}
	g.resource("silently-", g.rid())
}

func (g *generator) reset() {
	if g.IntN(2) == 0 {
		g.do("reset")
	} else {
		g.do("reset %d", g.rid())
	}
}

func (g *generator) access() {
	i := g.rid()
	switch g.IntN(4) {
	case 0, 1:
		g.do("deny %d", i)
		g.ends = append(g.ends, fmt.Sprintf("allow %d", i))
	case 2:
		g.do("reaccess %d", i)
	case 3:
		g.do("auth %d", g.client())
	}
}

func (g *generator) serviceFault() {
	i := g.rid()
	fault := g.one("mute", "hold", "hold", "hold", "leave", "fail")
	g.do("%s %d %s", fault, i, g.one("get", "access", "call", "all", "get", "access"))
	g.ends = append(g.ends, fmt.Sprintf("un%s %d", fault, i))
}

func (g *generator) delay() {
	g.do("delay %d %s %s", g.rid(), g.one("get", "access", "all"), g.one("3ms", "10ms", "30ms", "100ms", "2s", "0"))
}

func (g *generator) gatewayFault() {
	switch g.IntN(5) {
	case 0, 1:
		g.do("kill")
		g.ends = append(g.ends, "restart")
	case 2:
		g.do("freeze")
		g.ends = append(g.ends, "thaw")
	case 3:
		g.do("drop")
	case 4:
		g.do("cut")
		g.ends = append(g.ends, "heal")
	}
}
