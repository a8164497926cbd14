package controller

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"fedctl.example/hyperkube/internal/api"
)

const clustersPath = "/apis/federation/v1beta1/clusters"

// cluster is a Cluster as the controller manager reads and writes it.
type cluster struct {
	Kind       string            `json:"kind,omitempty"`
	APIVersion string            `json:"apiVersion,omitempty"`
	Metadata   api.Meta          `json:"metadata"`
	Spec       api.ClusterSpec   `json:"spec"`
	Status     api.ClusterStatus `json:"status"`
}

type clusterList struct {
	Metadata struct {
		ResourceVersion string `json:"resourceVersion"`
	} `json:"metadata"`
	Items []cluster `json:"items"`
}

func listClusters(ctx context.Context, federation *connection) (clusterList, error) {
	var list clusterList
	raw, err := federation.call(ctx, http.MethodGet, clustersPath, nil)
	if err != nil {
		return list, err
	}
	return list, json.Unmarshal(raw, &list)
}

func writeStatus(ctx context.Context, federation *connection, c cluster) error {
	c.Kind, c.APIVersion = "Cluster", "federation/v1beta1"
	_, err := federation.call(ctx, http.MethodPut, clustersPath+"/"+c.Metadata.Name+"/status", c)
	return err
}

// follow keeps `members` in step with the Clusters: it lists, watches, and lists again when the watch ends.
func follow(ctx context.Context, federation *connection, m *members) {
	for ctx.Err() == nil {
		list, err := listClusters(ctx, federation)
		if err == nil {
			m.forgetOthers(list)
			for _, c := range list.Items {
				m.add(ctx, c.Metadata.Name, c.Spec)
			}
			err = watchClusters(ctx, federation, list.Metadata.ResourceVersion, m)
		}
		if err != nil && ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
}

// watchClusters ends with nil when the server ends the watch or no longer knows the version.
func watchClusters(ctx context.Context, federation *connection, version string, m *members) error {
	answer, err := federation.open(ctx, http.MethodGet, clustersPath+"?watch=true&resourceVersion="+version, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	events := json.NewDecoder(answer.Body)
	for {
		var event struct {
			Type   string  `json:"type"`
			Object cluster `json:"object"`
		}
		if err := events.Decode(&event); err != nil || event.Type == "ERROR" {
			return nil
		}
		switch event.Type {
		case "ADDED":
			m.add(ctx, event.Object.Metadata.Name, event.Object.Spec)
		case "DELETED":
			m.remove(event.Object.Metadata.Name)
		}
	}
}

// forgetOthers drops those that are gone, after a time without a watch.
func (m *members) forgetOthers(list clusterList) {
	m.mu.Lock()
	defer m.mu.Unlock()
	there := map[string]bool{}
	for _, c := range list.Items {
		there[c.Metadata.Name] = true
	}
	for name := range m.known {
		if !there[name] {
			delete(m.known, name)
		}
	}
}
