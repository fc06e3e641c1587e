package cli

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/resclient/resclient-go/cmd/res/internal/probe"
)

// expirySoon is how long before its end a certificate is worth a warning.
const expirySoon = 14 * 24 * time.Hour

// latencySamples is how many requests tell the latency.
const latencySamples = 10

func (x *examination) steps() []step {
	return []step{
		{"proxy", x.proxy},
		{"name", x.name},
		{"TCP", x.tcp},
		{"tunnel", x.tunnel},
		{"TLS", x.tls},
		{"handshake", x.handshake},
		{"version", x.version},
		{"ping", x.ping},
		{"latency", x.latency},
		{"compression", x.compression},
		{"login", x.login},
	}
}

// proxy finds out whether the environment names a proxy for the gateway.
func (x *examination) proxy(context.Context) (finding, error) {
	proxy, err := x.route.Proxy()
	if err != nil {
		return finding{}, err
	}
	if proxy == nil {
		x.hop = x.route.Address()
		return finding{skip: true}, nil
	}
	x.via, x.hop = redact(proxy.String()), probe.HostPort(proxy)
	return finding{found: "the environment names " + x.via + "; the steps to TCP are those to it"}, nil
}

func (x *examination) name(ctx context.Context) (finding, error) {
	host, _, err := net.SplitHostPort(x.hop)
	if err != nil {
		return finding{}, err
	}
	addresses, err := probe.Resolve(ctx, host)
	return finding{found: host + " is " + strings.Join(addresses, ", ")}, err
}

func (x *examination) tcp(ctx context.Context) (finding, error) {
	took, err := x.route.Connect(ctx, x.hop)
	return finding{found: x.hop + " accepts connections, in " + short(took)}, err
}

// tunnel has an HTTP proxy connect to the gateway.
func (x *examination) tunnel(ctx context.Context) (finding, error) {
	if !strings.HasPrefix(x.via, "http:") {
		return finding{skip: true}, nil
	}
	took, err := x.route.Tunnel(ctx)
	return finding{found: "the proxy connects to " + x.route.Address() + ", in " + short(took)}, err
}

// tls does the TLS handshake by itself; behind a SOCKS proxy that is part of the WebSocket's.
func (x *examination) tls(ctx context.Context) (finding, error) {
	if !x.route.Secure() || strings.HasPrefix(x.via, "socks5:") {
		return finding{skip: true}, nil
	}
	state, err := x.route.Handshake(ctx)
	if err != nil {
		return finding{}, err
	}
	cert := state.PeerCertificates[0]
	left := time.Until(cert.NotAfter)
	f := finding{found: fmt.Sprintf("%s, certificate for %s, valid for %d days more",
		tls.VersionName(state.Version), strings.Join(slices.Concat(cert.DNSNames, ips(cert.IPAddresses)), ", "), int(left.Hours()/24))}
	if left < expirySoon {
		f.warning = "the certificate ends soon: renew it"
	}
	return f, nil
}

func ips(list []net.IP) []string {
	names := make([]string, len(list))
	for i, ip := range list {
		names[i] = ip.String()
	}
	return names
}

func (x *examination) handshake(ctx context.Context) (finding, error) {
	began := time.Now()
	link, err := x.route.Open(ctx)
	if err != nil {
		return finding{}, err
	}
	x.link = link
	return finding{found: "a WebSocket, in " + short(time.Since(began))}, nil
}

func (x *examination) version(ctx context.Context) (finding, error) {
	protocol, _, err := x.link.Version(ctx)
	f := finding{found: "protocol " + protocol}
	switch {
	case protocol == probe.LegacyProtocol:
		f.found = "the gateway knows no versions, so protocol " + protocol
		f.warning = "an old gateway: it works, but results of calls are less clear; consider a new Resgate"
	case protocol != probe.Protocol:
		f.warning = "not the newest, which is " + probe.Protocol
	}
	return f, err
}

func (x *examination) ping(ctx context.Context) (finding, error) {
	took, err := x.link.Ping(ctx)
	return finding{found: "answered in " + short(took)}, err
}

func (x *examination) latency(ctx context.Context) (finding, error) {
	times := make([]time.Duration, 0, latencySamples)
	for range latencySamples {
		_, took, err := x.link.Version(ctx)
		if err != nil {
			return finding{}, err
		}
		times = append(times, took)
	}
	slices.Sort(times)
	return finding{found: fmt.Sprintf("%d requests: min %s, median %s, max %s",
		latencySamples, short(times[0]), short(times[latencySamples/2]), short(times[latencySamples-1]))}, nil
}

func (x *examination) compression(context.Context) (finding, error) {
	if x.link.Compressed() {
		return finding{found: "the gateway compresses messages for clients that ask for it"}, nil
	}
	return finding{found: "none (Resgate has it with --wscompression)"}, nil
}

// login tries the login method, if there is one.
func (x *examination) login(ctx context.Context) (finding, error) {
	if x.target.login == "" {
		return finding{skip: true}, nil
	}
	rid, method, params, err := x.credentials(x.target)
	if err != nil {
		return finding{}, err
	}
	took, err := x.link.Auth(ctx, rid, method, params)
	return finding{found: fmt.Sprintf("%s of %s granted, in %s", method, rid, short(took))}, loginFailed(err)
}
