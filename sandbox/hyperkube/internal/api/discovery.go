package api

import (
	"context"
	"net/http"
	"runtime"
	"sort"
	"strings"
	"time"
)

// serveDiscovery answers what tells clients what there is. It answers false for any other path; /livez, /readyz and
// absent groups are among those.
func (s *Server) serveDiscovery(w http.ResponseWriter, r *http.Request) bool {
	switch path := strings.TrimSuffix(r.URL.Path, "/"); path {
	case "/healthz", "/healthz/ping":
		s.health(w, r)
	case "/version":
		writeJSON(w, http.StatusOK, s.version())
	case "/api":
		writeJSON(w, http.StatusOK, Object{
			"kind": "APIVersions", "versions": []string{"v1"},
			"serverAddressByClientCIDRs": []any{Object{"clientCIDR": "0.0.0.0/0", "serverAddress": r.Host}},
		})
	case "/apis":
		writeJSON(w, http.StatusOK, Object{"kind": "APIGroupList", "apiVersion": "v1", "groups": []any{group()}})
	case "/apis/federation":
		found := group()
		found["kind"], found["apiVersion"] = "APIGroup", "v1"
		writeJSON(w, http.StatusOK, found)
	case "/api/v1":
		writeJSON(w, http.StatusOK, resourceList("", "v1"))
	case "/apis/federation/v1beta1":
		writeJSON(w, http.StatusOK, resourceList("federation", "v1beta1"))
	case "":
		writeJSON(w, http.StatusOK, Object{"paths": paths()})
	case "/openapi/v2":
		serveOpenAPI(w, r)
	default:
		return false
	}
	return true
}

func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err := s.Store.Ping(ctx); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte("[+]ping ok\n[-]etcd failed: reason withheld\nhealthz check failed\n"))
		return
	}
	_, _ = w.Write([]byte("ok"))
}

func (s *Server) version() Object {
	return Object{
		"major": "1", "minor": s.Era.Minor(), "gitVersion": s.Era.Version(), "gitCommit": "standin",
		"gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z", "goVersion": runtime.Version(),
		"compiler": runtime.Compiler, "platform": runtime.GOOS + "/" + runtime.GOARCH,
	}
}

func group() Object {
	version := Object{"groupVersion": "federation/v1beta1", "version": "v1beta1"}
	return Object{"name": "federation", "versions": []any{version}, "preferredVersion": version}
}

func resourceList(group, version string) Object {
	resources := []any{}
	for _, r := range Resources {
		if r.Group != group || r.Version != version {
			continue
		}
		entry := Object{
			"name": r.Plural, "singularName": r.Singular, "namespaced": r.Namespaced, "kind": r.Kind, "verbs": r.verbs(),
		}
		if r.ShortNames != nil {
			entry["shortNames"] = r.ShortNames
		}
		resources = append(resources, entry)
		if r.HasStatus {
			resources = append(resources, Object{
				"name": r.Plural + "/status", "singularName": "", "namespaced": r.Namespaced, "kind": r.Kind,
				"verbs": []string{"update"},
			})
		}
	}
	groupVersion := version
	if group != "" {
		groupVersion = group + "/" + version
	}
	return Object{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": groupVersion, "resources": resources}
}

// paths is what an unknown path is answered with, too: a body that is no Status.
func paths() []string {
	all := []string{"/api", "/api/v1", "/apis", "/apis/federation", "/apis/federation/v1beta1",
		"/healthz", "/healthz/ping", "/version"}
	sort.Strings(all)
	return all
}
