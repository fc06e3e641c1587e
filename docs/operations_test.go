package docs_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/state"
)

func probes(client *conn.Client) http.Handler {
	mux := http.NewServeMux()
	probe := func(path string, good func(conn.Health) bool) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			h := client.Health()
			if !good(h) {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			fmt.Fprintln(w, h)
		})
	}
	probe("/ready", func(h conn.Health) bool { return h.InSync && !h.ShuttingDown })
	probe("/alive", func(h conn.Health) bool { return h.State != state.Closed })
	return mux
}

func Example_probes() {
	gateway := library()
	defer gateway.Close()
	client := connected(gateway)
	defer client.Close()
	handler := probes(client)
	probe := func(path string) int {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code
	}

	fmt.Println("connected:", probe("/ready"), probe("/alive"))
	must(gateway.Kill())
	until(func() bool { return client.State() == state.Dialing })
	fmt.Println("outage:   ", probe("/ready"), probe("/alive"))
	must(gateway.Restart())
	until(func() bool { return client.State() == state.Connected })
	fmt.Println("back:     ", probe("/ready"), probe("/alive"))
	client.Close()
	fmt.Println("closed:   ", probe("/ready"), probe("/alive"))
	// Output:
	// connected: 200 200
	// outage:    503 200
	// back:      200 200
	// closed:    503 503
}
