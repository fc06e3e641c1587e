// Package fifo has a list that is added to at its end and taken from at its beginning, in
// room that is used again: what is out, in the order in which it was sent.
//
// Package container/list would take memory for each item, and a slice that is cut at its
// beginning is made anew whenever it has been gone through.
package fifo
