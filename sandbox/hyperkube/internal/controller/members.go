package controller

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"sync"
	"time"

	"fedctl.example/hyperkube/internal/api"
)

// secretPatience is how long a Secret that is not there holds everything up.
const secretPatience = time.Minute

// members are the clients of the Clusters that were seen. A client is made once, when its Cluster is first seen: a
// Secret made later or an edited spec is never noticed. While one is made, all else waits.
type members struct {
	mu    sync.Mutex
	host  *host
	ip    net.IP
	known map[string]*member
}

type member struct {
	// client is nil when the Secret could not be read.
	client *connection
	// last are the conditions of the last probe.
	last []api.ClusterCondition
}

// add makes the client of a Cluster that was not seen before.
func (m *members) add(ctx context.Context, name string, spec api.ClusterSpec) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known[name] != nil {
		return
	}
	client, err := m.client(ctx, spec)
	if err != nil {
		log.Printf("cluster %s: failed to create its client, it will not be tried again: %v", name, err)
	} else {
		log.Printf("cluster %s: added", name)
	}
	m.known[name] = &member{client: client}
}

func (m *members) remove(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.known, name)
	log.Printf("cluster %s: removed", name)
}

func (m *members) client(ctx context.Context, spec api.ClusterSpec) (*connection, error) {
	address := m.address(spec)
	if address == "" {
		// The real one dereferences a nil configuration here and ends; it comes back to the same Cluster.
		panic(fmt.Sprintf("no clientCIDR of the cluster contains this host's address %s: nil pointer dereference", m.ip))
	}
	a, err := m.credentials(ctx, spec.SecretRef)
	if err != nil {
		return nil, err
	}
	a.server = address
	return dial(a)
}

func (m *members) address(spec api.ClusterSpec) string {
	for _, item := range spec.ServerAddressByClientCIDRs {
		if _, network, err := net.ParseCIDR(item.ClientCIDR); err == nil && network.Contains(m.ip) {
			return item.ServerAddress
		}
	}
	return ""
}

// credentials reads the Secret of a member: `kubeconfig`, or `token` and `ca.crt`. Without a name access is anonymous.
func (m *members) credentials(ctx context.Context, ref *api.SecretReference) (access, error) {
	if ref == nil || ref.Name == "" {
		return access{}, nil
	}
	data, err := m.awaitSecret(ctx, ref.Name)
	if err != nil {
		return access{}, fmt.Errorf("Secret %s: %w", ref.Name, err)
	}
	if raw, found := data["kubeconfig"]; found {
		return accessOf(raw)
	}
	token, hasToken := data["token"]
	ca, hasCA := data["ca.crt"]
	if !hasToken || !hasCA {
		return access{}, errors.New("the Secret has neither kubeconfig nor both of token and ca.crt")
	}
	return access{token: string(token), ca: ca}, nil
}

func (m *members) awaitSecret(ctx context.Context, name string) (map[string][]byte, error) {
	deadline := time.Now().Add(secretPatience)
	for {
		data, err := m.host.secret(ctx, name)
		if err == nil {
			return data, nil
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return nil, err
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}
