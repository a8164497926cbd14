package apiserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"time"
)

// serverCertificate reads the given one or, as the guide's chart gives none, makes one that lasts until the next start.
func serverCertificate(o options) (tls.Certificate, error) {
	if o.cert != "" {
		return tls.LoadX509KeyPair(o.cert, o.certKey)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	addresses := []net.IP{net.IPv4(127, 0, 0, 1)}
	if o.advertise != nil {
		addresses = append(addresses, o.advertise)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "federation-apiserver"},
		DNSNames:     []string{"federation-apiserver", "localhost"},
		IPAddresses:  addresses,
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().AddDate(1, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
