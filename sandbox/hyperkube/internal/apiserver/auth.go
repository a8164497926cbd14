package apiserver

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"fedctl.example/hyperkube/internal/api"
)

// credentials are who may talk to the API: whoever is known may do everything, as with the real one's AlwaysAllow.
type credentials struct {
	tokens    map[[32]byte]string
	passwords map[string][32]byte
	clients   *x509.CertPool
}

func readCredentials(o options) (credentials, error) {
	found := credentials{tokens: map[[32]byte]string{}, passwords: map[string][32]byte{}}
	if o.clientCA != "" {
		raw, err := os.ReadFile(o.clientCA)
		if err != nil {
			return found, err
		}
		found.clients = x509.NewCertPool()
		if !found.clients.AppendCertsFromPEM(raw) {
			return found, fmt.Errorf("--client-ca-file %s holds no certificate", o.clientCA)
		}
	}
	err := eachRecord(o.tokens, func(secret, user string) { found.tokens[sha256.Sum256([]byte(secret))] = user })
	if err == nil {
		err = eachRecord(o.basic, func(secret, user string) { found.passwords[user] = sha256.Sum256([]byte(secret)) })
	}
	return found, err
}

// eachRecord reads lines of `secret,user,uid[,"group,group"]`. Errors name the line, never what is in it.
func eachRecord(file string, each func(secret, user string)) error {
	if file == "" {
		return nil
	}
	open, err := os.Open(file)
	if err != nil {
		return err
	}
	defer open.Close()
	reader := csv.NewReader(open)
	reader.FieldsPerRecord = -1
	reader.TrimLeadingSpace = true
	records, err := reader.ReadAll()
	if err != nil {
		return fmt.Errorf("%s is no CSV file", file)
	}
	for i, record := range records {
		if len(record) < 3 || record[0] == "" {
			return fmt.Errorf("%s, record %d: 3 columns are needed: secret, user, uid", file, i+1)
		}
		each(record[0], record[1])
	}
	return nil
}

var errWrong = errors.New("wrong credentials")

// user answers who sent a request; "" without credentials. Errors: errWrong.
func (c credentials) user(r *http.Request) (string, error) {
	if c.clients != nil && r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		if name, ok := c.certificate(r.TLS.PeerCertificates); ok {
			return name, nil
		}
		if r.Header.Get("Authorization") == "" {
			return "", errWrong
		}
	}
	if name, password, ok := r.BasicAuth(); ok {
		wanted, known := c.passwords[name]
		given := sha256.Sum256([]byte(password))
		if known && subtle.ConstantTimeCompare(wanted[:], given[:]) == 1 {
			return name, nil
		}
		return "", errWrong
	}
	header := r.Header.Get("Authorization")
	if header == "" {
		return "", nil
	}
	scheme, token, _ := strings.Cut(header, " ")
	if name, known := c.tokens[sha256.Sum256([]byte(token))]; known && strings.EqualFold(scheme, "bearer") {
		return name, nil
	}
	return "", errWrong
}

func (c credentials) certificate(chain []*x509.Certificate) (string, bool) {
	between := x509.NewCertPool()
	for _, one := range chain[1:] {
		between.AddCert(one)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: c.clients, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return chain[0].Subject.CommonName, err == nil
}

// guard lets known senders through; /healthz answers those who show nothing, too.
func (c credentials) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, err := c.user(r)
		if err != nil || (name == "" && !strings.HasPrefix(r.URL.Path, "/healthz")) {
			api.Unauthorized(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}
