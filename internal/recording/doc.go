// Command recording makes docs/images/watch.svg: a terminal in which res watches the news
// while their gateway dies and comes back. What it shows has happened: it builds res, runs
// it in a tmux of its own against the stand-in gateway, kills that and starts it again, and
// draws what is on the screen in the end. It needs tmux, and takes a few seconds.
//
//	go run ./internal/recording
package main
