package randomprogram_test

import (
	"strconv"
	"strings"
	"time"
)

// action is one line of a program: a verb and its arguments.
type action string

func (a action) verb() string { return a.args()[0] }

func (a action) args() arguments { return strings.Fields(string(a)) }

// arguments are the words of an action, the verb first. What is missing or makes no
// sense is zero.
type arguments []string

func (a arguments) text(i int) string {
	if i >= len(a) {
		return ""
	}
	return a[i]
}

func (a arguments) from(i int) []string { return a[min(i, len(a)):] }

func (a arguments) number(i int) int {
	n, _ := strconv.Atoi(a.text(i)) // zero if it is none
	return max(0, n)
}

func (a arguments) duration(i int) time.Duration {
	d, _ := time.ParseDuration(a.text(i)) // zero if it is none
	return d
}

type program []action

func parseProgram(text string) program {
	var p program
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			p = append(p, action(line))
		}
	}
	return p
}

func (p program) String() string {
	var b strings.Builder
	for _, a := range p {
		b.WriteString("\t" + string(a) + "\n")
	}
	return b.String()
}

// setting returns the number that the program gives with a verb, or otherwise.
func (p program) setting(verb string, otherwise int) int {
	for _, a := range p {
		if a.verb() == verb {
			return max(1, a.args().number(1))
		}
	}
	return otherwise
}
