package api

import (
	"net/http"
	"strings"
	"time"
)

// wantsTable tells whether the first kind of answer that this API can give is a Table of meta.k8s.io/v1: a kindness,
// the real one knows v1alpha1 only.
func wantsTable(r *http.Request) bool {
	for _, accepted := range strings.Split(r.Header.Get("Accept"), ",") {
		media := strings.ReplaceAll(strings.TrimSpace(accepted), " ", "")
		switch {
		case strings.HasPrefix(media, "application/json;") && strings.Contains(media, "as=Table"):
			if strings.Contains(media, "v=v1;") || strings.HasSuffix(media, "v=v1") {
				return true
			}
		case media == "application/json" || media == "*/*":
			return false
		}
	}
	return false
}

func column(name, format, description string) Object {
	return Object{"name": name, "type": "string", "format": format, "description": description, "priority": 0}
}

// table is what kubectl prints: NAME STATUS AGE for clusters, NAME AGE for the rest.
func table(q request, objects []Object, withColumns bool, version string) Object {
	hasStatus := q.resource.HasStatus
	columns := []any{}
	if withColumns {
		columns = append(columns, column("Name", "name", "Name of the object"))
		if hasStatus {
			columns = append(columns, column("Status", "", "What the last probe of the cluster found"))
		}
		columns = append(columns, column("Age", "", "Time since its creation"))
	}
	rows := []any{}
	for _, object := range objects {
		meta := mustMeta(object)
		cells := []any{meta.Name}
		if hasStatus {
			cells = append(cells, clusterState(object))
		}
		cells = append(cells, age(meta.CreationTimestamp))
		partial := Object{"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]}
		if q.URL.Query().Get("includeObject") == "Object" {
			partial = served(q.resource, object, 0)
			partial["metadata"] = object["metadata"]
		}
		rows = append(rows, Object{"cells": cells, "object": partial})
	}
	return Object{
		"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": Object{"resourceVersion": version},
		"columnDefinitions": columns, "rows": rows,
	}
}

// clusterState is the word of the STATUS column: the conditions that are true, NotReady, or Unknown before a probe.
func clusterState(object Object) string {
	var cluster Cluster
	_ = convert(object, &cluster)
	state := "Unknown"
	for _, condition := range cluster.Status.Conditions {
		if condition.Status == "True" {
			return condition.Type
		}
		if condition.Type == "Ready" {
			state = "NotReady"
		}
	}
	return state
}

func age(created string) string {
	at, err := time.Parse(time.RFC3339, created)
	if err != nil {
		return "<unknown>"
	}
	return shortDuration(time.Since(at))
}
