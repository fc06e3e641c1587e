// Package chart draws lines over time, states over time and single values as SVG, for the pictures in docs and in
// reports. It knows just what they need:
//
//	c := chart.Chart{
//		Title: "Attempts to connect, a second", X: "seconds since the zone died",
//		Series: []chart.Series{{Name: "with jitter", Points: points}},
//	}
//	os.WriteFile("attempts.svg", c.SVG(), 0o644)
//
// The picture needs nothing from outside, is the same for the same data, and has
// colours for light and dark pages.
package chart
