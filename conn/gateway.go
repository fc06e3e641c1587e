package conn

import (
	"errors"
	"net/http"
	"net/url"
)

// gateway is the address of one.
type gateway struct {
	url      string // as given
	dialled  string // without user info, which goes into a header
	user     *url.Userinfo
	redacted string // without user info and query, for logs
}

func parseGateway(raw string) (gateway, error) {
	u, err := url.Parse(raw)
	if err != nil {
		// The text of a *url.Error repeats the URL, and with it what may be a password.
		if parse := (*url.Error)(nil); errors.As(err, &parse) {
			err = parse.Err
		}
		return gateway{}, invalid("gateway URL %q: %v", redactText(raw), err)
	}
	shown := redact(u)
	switch {
	case u.Scheme != "ws" && u.Scheme != "wss":
		return gateway{}, invalid("gateway URL %q: scheme %q is neither ws nor wss", shown, u.Scheme)
	case u.Hostname() == "":
		return gateway{}, invalid("gateway URL %q: no host", shown)
	case u.Fragment != "":
		return gateway{}, invalid("gateway URL %q: has a fragment", shown)
	}
	dialled := *u
	dialled.User = nil
	return gateway{url: raw, dialled: dialled.String(), user: u.User, redacted: shown}, nil
}

// authorize adds the user info of the URL to a handshake, unless there is
// something better already.
func (g gateway) authorize(h http.Header) {
	if g.user == nil || h.Get("Authorization") != "" {
		return
	}
	password, _ := g.user.Password()
	r := http.Request{Header: h}
	r.SetBasicAuth(g.user.Username(), password)
}

// redact leaves out what may be secret.
func redact(u *url.URL) string {
	shown := *u
	shown.User, shown.RawQuery, shown.ForceQuery = nil, "", false
	return shown.String()
}

// redactText does so for what is no URL: it keeps nothing before an @ and nothing
// after a question mark.
func redactText(raw string) string {
	for i := len(raw) - 1; i >= 0; i-- {
		if raw[i] == '@' {
			raw = "…" + raw[i:]
			break
		}
	}
	for i := range len(raw) {
		if raw[i] == '?' {
			return raw[:i]
		}
	}
	return raw
}
