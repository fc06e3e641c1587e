package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// defaultScale simulates 2,000 clients of a million: enough for smooth curves.
const defaultScale = 500

func main() {
	dir := flag.String("dir", "docs/images", "where to write the pictures")
	scale := flag.Int("scale", defaultScale, "simulate one client in so many of a million, with as many times less to connect to")
	flag.Parse()
	if err := write(os.Stdout, *dir, *scale); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

// write draws all pictures into dir, and tells out what they show in figures.
func write(out io.Writer, dir string, scale int) error {
	if scale < 1 || scale > 10_000 {
		return fmt.Errorf("scale %d is not from 1 to 10,000", scale)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	done := make(map[string]*figures)
	for _, p := range pictures(scale) {
		c := p.draw(scale, func(s scenario) *figures {
			if done[p.run(s.clientOptions)] == nil {
				done[p.run(s.clientOptions)] = run(s)
			}
			return done[p.run(s.clientOptions)]
		})
		if err := os.WriteFile(filepath.Join(dir, "fleet-"+p.file+".svg"), c.SVG(), 0o644); err != nil {
			return err
		}
		for _, v := range p.lines {
			s := p.fleet
			f := done[p.run(v.options)]
			most := f.most(p.of) * scale
			if p.perSec {
				most = int(float64(most) / s.step.Seconds())
			}
			fmt.Fprintf(out, "%s, %s: at most %d %s; all connected after %v\n", p.title, v.name, most, p.y, f.recovered(s.clients, s.step).Round(time.Millisecond))
		}
	}
	return nil
}
