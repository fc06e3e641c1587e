// Package transcript reads conversations that were recorded from a real gateway.
//
// A transcript is a file of JSON lines: a header, then a line for each thing that
// happened, in order. It is read by the tests that hold the gateway of package
// resgatetest, and the client, against what the real gateway has said:
//
//	t, err := transcript.Read("testdata/transcripts/subscribe-model.jsonl")
//	for _, l := range t.Lines {
//		... // l.Dir says who has said l.Text()
//	}
//
// The files are in resgatetest/testdata/transcripts. Names such as <CID> stand for
// what differs from run to run.
package transcript
