package controller

import (
	"context"
	"net/http"
	"strings"
	"time"

	"fedctl.example/hyperkube/internal/api"
)

// probe asks a member's /healthz and answers one of three sets of conditions, which have no condition in common: an
// unreachable member has no Ready at all.
func probe(ctx context.Context, client *connection) []api.ClusterCondition {
	body, err := client.call(ctx, http.MethodGet, "/healthz", nil)
	switch {
	case err != nil:
		return conditions(condition("Offline", "True", "ClusterNotReachable", "cluster is not reachable"))
	case strings.EqualFold(string(body), "ok"):
		return conditions(condition("Ready", "True", "ClusterReady", "/healthz responded with ok"))
	}
	return conditions(
		condition("Ready", "False", "ClusterNotReady", "/healthz responded without ok"),
		condition("Offline", "False", "ClusterReachable", "cluster is reachable"),
	)
}

func conditions(all ...api.ClusterCondition) []api.ClusterCondition { return all }

func condition(kind, status, reason, message string) api.ClusterCondition {
	now := time.Now().UTC().Format(time.RFC3339)
	return api.ClusterCondition{
		Type: kind, Status: status, LastProbeTime: now, LastTransitionTime: now, Reason: reason, Message: message,
	}
}

// keepTransitions leaves the time of the last change where a condition did not change.
func keepTransitions(before, after []api.ClusterCondition) []api.ClusterCondition {
	for i := range after {
		for _, old := range before {
			if old.Type == after[i].Type && old.Status == after[i].Status {
				after[i].LastTransitionTime = old.LastTransitionTime
			}
		}
	}
	return after
}
