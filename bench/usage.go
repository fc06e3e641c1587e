package main

import (
	"os"
	"runtime"
	"strconv"
	"strings"
)

// usage is memory: the heap in bytes, the rest in MiB.
type usage struct{ heap, rss, maxRSS float64 }

// memoryUsage returns what this process uses. Without a /proc only the heap is known.
func memoryUsage() usage {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u := usage{heap: float64(m.HeapAlloc)}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return u
	}
	for line := range strings.Lines(string(status)) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		kB, _ := strconv.ParseFloat(words[1], 64) // 0 for what is no number
		switch words[0] {
		case "VmRSS:":
			u.rss = kB / 1024
		case "VmHWM:":
			u.maxRSS = kB / 1024
		}
	}
	return u
}
