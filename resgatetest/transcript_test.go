package resgatetest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/resclient/resclient-go/internal/transcript"
	"github.com/resclient/resclient-go/resgatetest"
)

// A transcript is replayed against the stand-in: the test plays the clients and
// the services, and compares, byte by byte, what the gateway says to either.
type line = transcript.Line

// gatewayOptions are those of the gateway in the transcript.
func gatewayOptions(t *testing.T, tr *transcript.Transcript) []resgatetest.Option {
	var opts []resgatetest.Option
	flags := strings.Fields(tr.Flags)
	for i := 0; i < len(flags); i++ {
		value := func() string { i++; return flags[i] }
		switch flags[i] {
		case "-r":
			d, err := time.ParseDuration(value() + "ms")
			if err != nil {
				t.Fatal(err)
			}
			opts = append(opts, resgatetest.WithTimeout(d))
		case "-t":
			opts = append(opts, resgatetest.WithHeaderAuth(value()))
		case "-w":
			opts = append(opts, resgatetest.WithPath(value()))
		case "--alloworigin":
			opts = append(opts, resgatetest.WithAllowOrigin(value()))
		case "--referencethrottle":
			value() // the stand-in has no throttle; the answer is the same
		case "--wscompression":
			opts = append(opts, resgatetest.WithCompression())
		default:
			t.Fatalf("flag %q", flags[i])
		}
	}
	return opts
}
