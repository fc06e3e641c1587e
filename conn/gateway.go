package conn

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// gateway is the address of one.
type gateway struct {
	url      string // as given
	dialled  string // without user info, which goes into a header
	user     *url.Userinfo
	redacted string // without user info and query, for logs
}

func parseGateway(raw string) (gateway, error) {
	shown := redactText(raw)
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return gateway{}, invalid("gateway URL %q: %s", shown, whyNoURL(raw, err))
	case u.Scheme != "ws" && u.Scheme != "wss":
		return gateway{}, invalid("gateway URL %q: it begins with neither ws:// nor wss://", shown)
	case u.Hostname() == "":
		return gateway{}, invalid("gateway URL %q: no host", shown)
	case u.Fragment != "":
		return gateway{}, invalid("gateway URL %q: has a fragment", shown)
	case strings.Contains(u.EscapedPath(), "@"):
		// What was meant to be a password would be logged as part of the path.
		return gateway{}, invalid("gateway URL %q: an @ in the path must be escaped as %%40, a / in a password as %%2F", shown)
	}
	dialled := *u
	dialled.User = nil
	return gateway{url: raw, dialled: dialled.String(), user: u.User, redacted: redact(u)}, nil
}

// whyNoURL says what is wrong with a URL. The error knows it, but quotes what may be part
// of a password.
func whyNoURL(raw string, err error) string {
	parse := (*url.Error)(nil)
	if strings.Contains(raw, "@") || !errors.As(err, &parse) {
		return "it is no URL; what is special in a user name or password must be escaped"
	}
	return parse.Err.Error()
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
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return shown.String()
}

// redactText does so for what is no URL: nothing before an @ is left, and nothing
// after a question mark.
func redactText(raw string) string {
	head, tail := raw, ""
	if i := strings.IndexAny(raw, "?#"); i >= 0 {
		head, tail = raw[:i], raw[i:]
	}
	if i := strings.LastIndexByte(head, '@'); i >= 0 {
		return "…" + head[i:]
	}
	if strings.Contains(tail, "@") { // so the head may be half a password
		return "…"
	}
	return head
}
