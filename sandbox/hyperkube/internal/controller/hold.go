package controller

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"slices"
	"time"

	"fedctl.example/hyperkube/internal/api"
)

// spreadFinalizer is what the real one's sync controllers put on everything they spread over the members.
const spreadFinalizer = "federation.kubernetes.io/delete-from-underlying-clusters"

// heldPaths are the kinds that a DELETE waits for.
var heldPaths = []string{"/api/v1/namespaces", "/api/v1/configmaps", "/api/v1/secrets", "/api/v1/services"}

const holdPeriod = time.Second

// heldObject is any federated object, as far as its deletion goes.
type heldObject struct {
	Metadata api.Meta `json:"metadata"`
}

// hold keeps what is deleted until every registered cluster is Ready, as the real one does because it must first
// delete the object in all of them. This one has spread nothing, so that is all it waits for.
func hold(ctx context.Context, federation *connection) {
	ticker := time.NewTicker(holdPeriod)
	defer ticker.Stop()
	for {
		if err := holdOnce(ctx, federation); err != nil && ctx.Err() == nil {
			log.Printf("finalizers of federated objects: %v", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func holdOnce(ctx context.Context, federation *connection) error {
	clusters, err := listClusters(ctx, federation)
	if err != nil {
		return err
	}
	ready := !slices.ContainsFunc(clusters.Items, func(c cluster) bool { return !isReady(c) })
	for _, path := range heldPaths {
		raw, err := federation.call(ctx, http.MethodGet, path, nil)
		if err != nil {
			return err
		}
		var list struct {
			Items []heldObject `json:"items"`
		}
		if err := json.Unmarshal(raw, &list); err != nil {
			return err
		}
		for _, one := range list.Items {
			if err := holdOne(ctx, federation, one.Metadata, ready); err != nil && !isPassing(err) {
				return err
			}
		}
	}
	return nil
}

func holdOne(ctx context.Context, federation *connection, meta api.Meta, ready bool) error {
	has := slices.Contains(meta.Finalizers, spreadFinalizer)
	switch {
	case meta.DeletionTimestamp == "" && !has:
		meta.Finalizers = append(meta.Finalizers, spreadFinalizer)
	case meta.DeletionTimestamp != "" && has && ready:
		meta.Finalizers = slices.DeleteFunc(meta.Finalizers, func(name string) bool { return name == spreadFinalizer })
	default:
		return nil
	}
	patch := map[string]any{"metadata": map[string]any{
		"resourceVersion": meta.ResourceVersion, "finalizers": meta.Finalizers,
	}}
	_, err := federation.call(ctx, http.MethodPatch, meta.SelfLink, patch)
	return err
}

func isReady(c cluster) bool {
	return slices.ContainsFunc(c.Status.Conditions, func(one api.ClusterCondition) bool {
		return one.Type == "Ready" && one.Status == "True"
	})
}
