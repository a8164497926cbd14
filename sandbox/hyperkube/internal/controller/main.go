// Package controller is the process federation-controller-manager, as far as it looks after Clusters and holds up
// deletions: it spreads no objects over the members and writes no DNS records.
package controller

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"fedctl.example/hyperkube/internal/era"
)

// federationSecret holds the credentials for the federation API in releases without --kubeconfig.
const federationSecret = "federation-apiserver-kubeconfig"

// Main runs the controllers until the context ends. It ends at once when the federation API does not answer.
func Main(ctx context.Context, e era.Era, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	era.Announce(e, "federation-controller-manager")
	if err := o.checkDNS(); err != nil {
		return err
	}
	if err := serveHealth(o); err != nil {
		return err
	}
	pod, err := inCluster()
	if err != nil {
		return err
	}
	federation, err := federationAPI(ctx, o, pod)
	if err != nil {
		return err
	}
	if _, err := listClusters(ctx, federation); err != nil {
		return fmt.Errorf("the federation API does not answer: %w", err)
	}
	m := &members{host: pod, ip: hostIP(), known: map[string]*member{}}
	go follow(ctx, federation, m)
	go hold(ctx, federation)
	log.Printf("probing clusters every %s", o.period)
	monitor(ctx, federation, m, o.period)
	return nil
}

func federationAPI(ctx context.Context, o options, pod *host) (*connection, error) {
	raw, err := federationKubeconfig(ctx, o, pod)
	if err != nil {
		return nil, fmt.Errorf("credentials for the federation API: %w", err)
	}
	a, err := accessOf(raw)
	if err != nil {
		return nil, fmt.Errorf("credentials for the federation API: %w", err)
	}
	if o.master != "" {
		a.server = o.master
	}
	return dial(a)
}

func federationKubeconfig(ctx context.Context, o options, pod *host) ([]byte, error) {
	if o.kubeconfig != "" {
		return os.ReadFile(o.kubeconfig)
	}
	data, err := pod.secret(ctx, federationSecret)
	return data["kubeconfig"], err
}

// serveHealth serves /healthz and /metrics; they say that the process lives, not that clusters are well.
func serveHealth(o options) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprintf(w, "# HELP standin_cluster_probes_total Probes of member clusters.\n"+
			"# TYPE standin_cluster_probes_total counter\nstandin_cluster_probes_total %d\n", probes.Load())
	})
	listener, err := net.Listen("tcp", net.JoinHostPort(o.address.String(), strconv.Itoa(o.port)))
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { log.Print(server.Serve(listener)) }()
	return nil
}
