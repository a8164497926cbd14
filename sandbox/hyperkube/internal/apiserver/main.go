// Package apiserver is the process federation-apiserver: its flags, its TLS and who may talk to it.
package apiserver

import (
	"context"
	"crypto/tls"
	"errors"
	"log"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"fedctl.example/hyperkube/internal/api"
	"fedctl.example/hyperkube/internal/era"
	"fedctl.example/hyperkube/internal/store"
)

// etcdPatience is how long the server waits for an etcd that starts beside it.
const etcdPatience = time.Minute

// Main runs the server until the context ends.
func Main(ctx context.Context, e era.Era, args []string) error {
	o, err := parse(e, args)
	if err != nil {
		return err
	}
	era.Announce(e, "federation-apiserver")
	known, err := readCredentials(o)
	if err != nil {
		return err
	}
	certificate, err := serverCertificate(o)
	if err != nil {
		return err
	}
	objects, err := store.Open(ctx, o.etcd, o.etcdPrefix, etcdPatience)
	if err != nil {
		return err
	}
	defer objects.Close()
	go objects.CompactEvery(ctx, 5*time.Minute)
	handler := &api.Server{
		Store: objects, Era: e, NamespaceLifecycle: slices.Contains(o.admission, "NamespaceLifecycle"),
	}
	return serve(ctx, o, certificate, known.guard(handler))
}

func serve(ctx context.Context, o options, certificate tls.Certificate, handler http.Handler) error {
	listener, err := net.Listen("tcp", net.JoinHostPort(o.bind.String(), strconv.Itoa(o.port)))
	if err != nil {
		return err
	}
	// Requests end with the server: a watch would hold its end up for as long as it lasts.
	server := &http.Server{
		Handler:           handler,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 30 * time.Second,
		ErrorLog:          log.New(quiet{}, "", 0),
		TLSConfig: &tls.Config{
			MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate},
			// A certificate of another CA is asked about later, so that its sender gets a 401.
			ClientAuth: tls.RequestClientCert,
		},
	}
	ended := make(chan error, 1)
	go func() { ended <- server.ServeTLS(listener, "", "") }()
	log.Printf("serving on %s", listener.Addr())
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	log.Print("stopping")
	patience, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(patience); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// quiet drops what net/http says of clients that go away or probe the port by TCP.
type quiet struct{}

func (quiet) Write(line []byte) (int, error) { return len(line), nil }
