package cli

import (
	"fmt"
	"sync"
	"time"
)

// progress shows, if standard error is a terminal and it takes longer than a second,
// what is waited for and for how long. The function that it returns ends that.
func (a *app) progress(what string) (end func()) {
	if !a.errTerminal {
		return func() {}
	}
	stop := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for seconds := 1; ; seconds++ {
			select {
			case <-tick.C:
				fmt.Fprintf(a.err, "\r\x1b[K%s … %d s", what, seconds)
			case <-stop:
				if seconds > 1 {
					fmt.Fprint(a.err, "\r\x1b[K")
				}
				return
			}
		}
	})
	return func() { close(stop); done.Wait() }
}
