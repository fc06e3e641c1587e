// Package hidden is not listed.
package hidden

func Hidden() {}
