package controller

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// access is how to reach one API server.
type access struct {
	server            string
	ca, cert, key     []byte
	token, user, pass string
	insecure          bool
	serverName        string
	readTokenFrom     string
}

// connection speaks to one API server.
type connection struct {
	access
	client *http.Client
}

// answerError is an answer of an API server that is no success.
type answerError struct {
	code    int
	message string
}

func (e *answerError) Error() string { return fmt.Sprintf("HTTP %d: %s", e.code, e.message) }

func isNotFound(err error) bool {
	var answer *answerError
	return errors.As(err, &answer) && answer.code == http.StatusNotFound
}

// isPassing is an answer to an object that is gone or changed meanwhile: the next look sees it as it is then.
func isPassing(err error) bool {
	var answer *answerError
	return errors.As(err, &answer) && (answer.code == http.StatusNotFound || answer.code == http.StatusConflict)
}

func dial(a access) (*connection, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: a.insecure, ServerName: a.serverName}
	if len(a.ca) > 0 {
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(a.ca) {
			return nil, errors.New("unable to load root certificates")
		}
	}
	if len(a.cert) > 0 || len(a.key) > 0 {
		pair, err := tls.X509KeyPair(a.cert, a.key)
		if err != nil {
			return nil, errors.New("client certificate and key do not fit")
		}
		settings.Certificates = []tls.Certificate{pair}
	}
	if !strings.Contains(a.server, "://") {
		scheme := "http://"
		if len(a.ca) > 0 || len(a.cert) > 0 || a.insecure {
			scheme = "https://"
		}
		a.server = scheme + a.server
	}
	a.server = strings.TrimSuffix(a.server, "/")
	transport := &http.Transport{
		TLSClientConfig: settings, Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
		DialContext:         (&net.Dialer{Timeout: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 90 * time.Second,
	}
	return &connection{access: a, client: &http.Client{Transport: transport}}, nil
}

// open sends a request; the caller closes the body. Errors: answerError.
func (c *connection) open(ctx context.Context, method, path string, body any) (*http.Response, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, method, c.server+path, bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	if method == http.MethodPatch {
		request.Header.Set("Content-Type", "application/merge-patch+json")
	}
	if err := c.authorize(request); err != nil {
		return nil, err
	}
	answer, err := c.client.Do(request)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode/100 != 2 {
		defer answer.Body.Close()
		said, _ := io.ReadAll(io.LimitReader(answer.Body, 512))
		return nil, &answerError{answer.StatusCode, strings.TrimSpace(string(said))}
	}
	return answer, nil
}

func (c *connection) authorize(request *http.Request) error {
	token := c.token
	if c.readTokenFrom != "" { // the kubelet renews it
		raw, err := os.ReadFile(c.readTokenFrom)
		if err != nil {
			return err
		}
		token = strings.TrimSpace(string(raw))
	}
	switch {
	case token != "":
		request.Header.Set("Authorization", "Bearer "+token)
	case c.user != "":
		request.SetBasicAuth(c.user, c.pass)
	}
	return nil
}

// call sends a request and reads the whole answer, for at most 30 seconds.
func (c *connection) call(ctx context.Context, method, path string, body any) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	answer, err := c.open(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(answer.Body)
}
