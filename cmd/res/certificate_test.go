package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// authority gives out certificates: to the gateway of a script, and to its clients.
type authority struct {
	key    *ecdsa.PrivateKey
	cert   *x509.Certificate
	server *tls.Config // of the gateway
}

// gatewayAuthority makes one, writes its certificate to ca.pem, and gives the gateway one for
// 127.0.0.1.
func gatewayAuthority(ts *testscript.TestScript) *authority {
	a := newAuthority(ts)
	writePEM(ts, "ca.pem", "CERTIFICATE", a.cert.Raw)
	a.server = &tls.Config{}
	a.serve(ts, &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(24 * time.Hour)})
	return a
}

// newAuthority makes one. All have the same name, so a client of one shows its certificate
// to a gateway of another.
func newAuthority(ts *testscript.TestScript) *authority {
	a := new(authority)
	der, key := a.sign(ts, &x509.Certificate{
		Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	cert, err := x509.ParseCertificate(der)
	ts.Check(err)
	a.cert, a.key = cert, key
	return a
}

// change has the gateway do as a word says:
//
//	tls        nothing else
//	expired    its certificate is one of yesterday
//	othername  it is one for example.com
//	mutual     clients have to show one, too: client.pem with client-key.pem is good,
//	           stranger.pem with stranger-key.pem is of another authority
//	tls12      it speaks TLS 1.2 at most
func (a *authority) change(ts *testscript.TestScript, word string) {
	local := []net.IP{net.IPv4(127, 0, 0, 1)}
	switch word {
	case "expired":
		a.serve(ts, &x509.Certificate{IPAddresses: local, NotAfter: time.Now().Add(-time.Minute)})
	case "othername":
		a.serve(ts, &x509.Certificate{DNSNames: []string{"example.com"}, NotAfter: time.Now().Add(24 * time.Hour)})
	case "mutual":
		a.server.ClientAuth = tls.RequireAndVerifyClientCert
		a.server.ClientCAs = x509.NewCertPool()
		a.server.ClientCAs.AddCert(a.cert)
		a.client(ts, "client")
		newAuthority(ts).client(ts, "stranger")
	case "tls12":
		a.server.MaxVersion = tls.VersionTLS12
	}
}

// serve gives the gateway a certificate.
func (a *authority) serve(ts *testscript.TestScript, template *x509.Certificate) {
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	der, key := a.sign(ts, template)
	a.server.Certificates = []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
}

// client writes a certificate for a client, and its key.
func (a *authority) client(ts *testscript.TestScript, name string) {
	der, key := a.sign(ts, &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(24 * time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	writePEM(ts, name+".pem", "CERTIFICATE", der)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	writePEM(ts, name+"-key.pem", "PRIVATE KEY", secret)
}

// sign makes a key and a certificate for it: its own, if there is no authority yet.
func (a *authority) sign(ts *testscript.TestScript, template *x509.Certificate) ([]byte, *ecdsa.PrivateKey) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore = time.Now().Add(-24 * time.Hour)
	template.KeyUsage |= x509.KeyUsageDigitalSignature
	parent, with := a.cert, a.key
	if parent == nil {
		parent, with = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), with)
	ts.Check(err)
	return der, key
}

func writePEM(ts *testscript.TestScript, name, kind string, der []byte) {
	ts.Check(os.WriteFile(ts.MkAbs(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}
