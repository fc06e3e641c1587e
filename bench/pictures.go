package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/resclient/resclient-go/internal/chart"
)

// draw draws the pictures of docs/performance.md from what runs of this program have
// printed: a dot for each run.
func draw(from io.Reader, dir string) error {
	cost := chart.Strips{Title: "An event, by the number of subscriptions", X: "CPU time, µs", One: "one run"}
	delay := chart.Strips{Title: "From the write to the socket until the handler has it", X: "ms", One: "one run"}
	client := chart.Strips{Title: "A client with a subscription, by the number of clients", X: "KiB", One: "one run"}
	for d := json.NewDecoder(from); ; {
		var f figures
		switch err := d.Decode(&f); {
		case errors.Is(err, io.EOF):
			for name, picture := range map[string]chart.Strips{"bench-cost": cost, "bench-latency": delay, "bench-clients": client} {
				if err := os.WriteFile(filepath.Join(dir, name+".svg"), picture.SVG(), 0o644); err != nil {
					return err
				}
			}
			return nil
		case err != nil:
			return err
		case !f.Checked:
			return fmt.Errorf("a run of %s has failed", f.Bench)
		}
		switch f.Bench {
		case "blast":
			add(&cost, strconv.Itoa(f.Models), (f.UserSeconds+f.SystemSeconds)*1e6/float64(f.Events))
		case "latency":
			add(&delay, fmt.Sprintf("%dk/s p50", f.Rate/1000), f.P50/1000)
			add(&delay, fmt.Sprintf("%dk/s p99", f.Rate/1000), f.P99/1000)
			add(&delay, fmt.Sprintf("%dk/s p99.9", f.Rate/1000), f.P999/1000)
		case "clients":
			add(&client, strconv.Itoa(f.Models)+" heap", f.HeapPerModel/1024)
			add(&client, strconv.Itoa(f.Models)+" resident", f.RSSPerModel/1024)
		}
	}
}

// add adds a dot to the row of that name, which it makes if there is none.
func add(s *chart.Strips, row string, value float64) {
	for i := range s.Rows {
		if s.Rows[i].Name == row {
			s.Rows[i].Values = append(s.Rows[i].Values, value)
			return
		}
	}
	s.Rows = append(s.Rows, chart.Strip{Name: row, Values: []float64{value}})
}
