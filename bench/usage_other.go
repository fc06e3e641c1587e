//go:build !unix

package main

import "time"

// cpuTime returns nothing where there is no getrusage.
func cpuTime() (user, system time.Duration) { return 0, 0 }
