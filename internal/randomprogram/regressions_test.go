package randomprogram_test

import "testing"

// regressions are programs that have failed once, and what they have shown. Most of
// it is the gateway's: as Resgate 1.8.0 does, it loses count where references form
// cycles, and goes on holding what a deleted resource refers to.
var regressions = []struct {
	name    string
	silent  bool // the client cannot see that it has lost something
	program string
}{
	{name: "the gateway lets go of what has referred to itself", program: `
		clients 1
		resources 11
		queue 4
		model 0 d=r4 c=n1
		model 2 a=n2 a=r3 a=n1
		subscribe 0 5 2 handler 0
		wait 100ms
		change 2 c=r0
		wait 100ms
		change 0 d=r0
		wait 100ms
		change 0 d=n1
		wait 100ms
		change 0 a=r5
		wait 100ms
		change 0 a=n3
		wait 100ms
	`},
	{name: "the gateway lets go of a parent that a child has referred back to", program: `
		clients 1
		resources 8
		queue 40
		collection 1 r0
		model 0 a=r2
		model 2 b=r0
		subscribe 0 0 1 handler 0
		wait 100ms
		change 2 b=n1
		wait 100ms
		change 0 c=n3
		wait 100ms
	`},
	{name: "the gateway lets go of what one collection lists twice", program: `
		clients 1
		resources 8
		queue 40
		collection 1 r0 r0
		model 0 a=r2
		model 2 b=r0
		subscribe 0 0 1 handler 0
		wait 100ms
		change 2 b=n1
		wait 100ms
		change 0 c=n3
		wait 100ms
	`},
	{name: "the gateway lets go of what is about to lead elsewhere and tells nobody", silent: true, program: `
		clients 1
		resources 8
		queue 40
		collection 1 r6
		model 6 d=r6
		model 2 a=n1
		subscribe 0 0 1 handler 0
		wait 100ms
		change 6 d=r2
		wait 100ms
		change 6 c=n3
		wait 100ms
	`},
	{name: "a get is answered without content", program: `
		clients 2
		resources 15
		queue 4
		collection 1 n0 n1 n3 r9
		model 4 b=r11
		collection 7 r2 r14 r1 d2
		model 8 c=r2
		collection 9
		model 12 d=n1 b=d1 a=r13
		collection 13 r4 d1
		subscribe 1 3 12 slow 0
		change 8 c=r7
		collection 11 d0 r9
		add 9 1 r8
		settle
		remove 7 2
	`},
	{name: "content for what is held is new after a slip", program: `
		clients 3
		resources 12
		queue 72
		collection 1 n0 r8 n3 r1
		model 8 c=s3 d=r6 c=s6
		change 8 c=n2 a=r8
		subscribe 0 1 1 lazy 0
		wait 20s
		change 8 a=r10 b=r2
		subscribe 0 5 8 handler 0
	`},
	{name: "content for what is held is new after a move", program: `
		clients 1
		resources 10
		queue 42
		model 2 d=r6
		model 6 b=n1
		collection 9
		subscribe 0 4 2 slow 1s
		add 9 1 r6
		wait 100ms
		model 2 b=r0 a=d2 c=r9
		change 6 a=n0
	`},
	{name: "what a deleted resource refers to is kept, and changes", program: `
		clients 1
		resources 12
		queue 4
		model 2 d=r4 b=r11 a=r0
		collection 3 r8
		collection 5 r10
		model 6 b=r7
		collection 7
		model 8 d=r2 c=s5
		collection 9 r4 r3 r7
		model 11 d=r7 a=r5
		subscribe 0 1 9 slow-handler 5ms
		settle
		subscribe 0 0 6 loop 1s
		delete 2
		add 5 3 n3
		silently-collection 7 r0 r8 n1 n0
		silently-collection 9 r5
	`},
	{name: "what a deleted resource refers to is deleted", program: `
		clients 2
		resources 15
		queue 4
		model 0 d=r11
		collection 3 s12 n3
		collection 7 n2 r0 s2 s6
		collection 11 r0 d0 r8 s0
		subscribe 1 2 7 loop 5ms
		model 8 a=r2 d=r3
		subscribe 1 5 3 handler 0
		wait 7s
		silently-delete 11
		delete 3
	`},
	{name: "a deleted resource is back through an event", program: `
		clients 1
		resources 15
		queue 4
		model 0 a=s8 a=n2 b=n3
		collection 1 n0
		collection 5 r4 r0
		model 8 c=r13 b=r11
		collection 11 r8
		collection 13 r11 n0
		remove 5 3
		subscribe 0 3 8 handler 0
		add 1 1 r13
		settle
		subscribe 0 5 0 slow 0
		settle
		silently-delete 0
		silently-model 8 c=r1
		subscribe 0 0 5 loop 0
		delete 11
		collection 11 d0 r0 s1
	`},
	{name: "what was let go is deleted", program: `
		clients 1
		resources 10
		queue 8
		model 2 d=r6 c=n3
		collection 5 r2 d2 n1 s2
		model 6 b=r5 a=n0 a=s8
		model 8 d=r5 c=n0 a=s0
		collection 9 r8 r1
		subscribe 0 3 9 handler 0
		wait 100ms
		remove 5 0
		delete 2
	`},
	{name: "doubt is lost with a copy that a get brought", program: `
		clients 2
		resources 12
		queue 27
		collection 1 r2 r4
		model 4 b=d1 b=r9 b=r1
		model 8 a=r3 c=n1 c=r10
		collection 9 r9 r8 s3 r9
		collection 11 n2 r10 r1
		change 8 d=r11
		subscribe 1 4 9 slow-handler 0
		wait 200ms
		change 4 a=r8
		model 8 c=r0 b=r9
	`},
	{name: "a subscribe is answered with dead content", program: `
		clients 2
		resources 11
		queue 4
		model 0 a=r8 b=r8 a=r0
		collection 5 n1 r5 n2 r9
		collection 9 n3
		model 10 c=n3
		change 10 c=n2 d=r7 a=r8
		model 2 b=n2 c=r3
		change 0 c=r6 b=r6
		collection 7 s3 r9
		subscribe 0 0 5 loop 1s
		wait 50ms
		subscribe 1 2 2 slow 0
		change 2 d=n1 d=r0
		silently-model 6 d=n0 d=r10 b=r0
		silently-delete 9
		subscribe 1 4 9 loop 0
		wait 200ms
		change 0 b=x c=r0 a=x
	`},
	{name: "a get is answered with dead content", program: `
		clients 3
		resources 14
		queue 4
		model 0 a=r12 d=r6 c=r7
		collection 1 r3 r9 r2
		model 2 a=r0 b=s4
		collection 3 r11 n2 r5
		collection 7 d1
		collection 11 r0 n1
		add 7 2 r2
		subscribe 1 3 3 loop 0
		wait 1s
		add 3 0 r1
		silently-delete 2
		change 0 b=x d=r1 c=n1
		change 0 b=x d=d2 a=d0
		close 1 3
		subscribe 1 4 2 slow-handler 0
	`},
	{name: "a get is answered from a copy of the connection before", program: `
		clients 2
		resources 9
		queue 20
		collection 1 n2 r2 s6
		model 2 d=r1
		collection 7 r2 r0 n3
		model 8 c=n1 a=r8 d=r1
		subscribe 0 5 8 lazy 0
		subscribe 0 0 7 slow-handler 0
		wait 10ms
		cut
		wait 7s
		wait 20s
		silently-delete 7
		reset
		heal
		settle
		silently-collection 1
		reset
		settle
		change 2 c=x d=x
	`},
	{name: "a get is answered with what was loaded anew, once", program: `
		clients 3
		resources 10
		queue 4
		collection 1
		model 6 b=r8 b=s8
		collection 7 n3 n3 n1 r7
		model 8 c=d0
		change 6 a=r9 d=r1
		subscribe 0 3 6 loop 0
		change 8 c=r6 a=r1
		wait 1s
		collection 1 n1 r2 r7 r2
		add 7 1 r1
		settle
		change 6 b=r8 c=n1 d=x
		settle
		collection 1 r6 n1 r6 r9
		silently-delete 1
		change 8 a=s6 d=x
	`},
	{name: "a call is answered with a dead resource", program: `
		clients 2
		resources 12
		queue 26
		collection 5 s11 r9 r4
		collection 9 s8 r4 n1 r2
		subscribe 1 5 5 handler 1s
		wait 10ms
		delete 9
		settle
		call-resource 1 1 9 slow 0
		change 4 c=r1
		wait 200ms
	`},
	{name: "a call is answered with what was deleted and let go", program: `
		clients 1
		resources 9
		queue 4
		model 0 b=n2 c=r7 b=d0
		collection 1 r8 r3
		model 2 a=r0 c=n1
		collection 7
		model 8 d=n2 a=r2 c=s0
		subscribe 0 2 1 slow 1s
		settle
		add 7 2 r8
		model 8 c=r3 b=r4
		delete 0
		wait 10ms
		call-resource 0 0 0 loop 0
	`},
	{name: "unsubscribing has no end", program: `
		clients 1
		resources 8
		queue 40
		collection 1 r2
		model 4 d=r2
		model 2 a=r5 b=n1
		subscribe 0 0 1 handler 0
		subscribe 0 1 4 handler 0
		wait 50ms
		close 0 1
		wait 50ms
		hold 5 access
		subscribe 0 1 5 handler 0
		wait 50ms
		change 2 a=n2
		wait 50ms
		unhold 5
		wait 50ms
		get 0 5 0
		wait 50ms
	`},
}

func TestProgramsThatHaveFailedOnce(t *testing.T) {
	for _, test := range regressions {
		t.Run(test.name, func(t *testing.T) {
			for range tries {
				log := new(journal)
				out, err := runInMemory(t, parseProgram(test.program), log)
				if err != nil || out.lost > 0 && !test.silent {
					t.Fatalf("%+v: %v\nwhat happened:\n%v", out, err, log)
				}
			}
		})
	}
}
