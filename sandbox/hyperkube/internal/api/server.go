package api

import (
	"errors"
	"log"
	"net/http"
	"strings"

	"fedctl.example/hyperkube/internal/era"
	"fedctl.example/hyperkube/internal/store"
)

// Server answers requests whose sender is known already.
type Server struct {
	Store *store.Store
	Era   era.Era
	// NamespaceLifecycle: objects are created in namespaces that exist only.
	NamespaceLifecycle bool
}

// request is one call on a resource.
type request struct {
	*http.Request
	resource                     *Resource
	namespace, name, subresource string
}

func (q request) key() string { return q.resource.folder(q.namespace) + q.name }

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.serveDiscovery(w, r) {
		return
	}
	q, ok := route(r)
	if !ok {
		writeJSON(w, http.StatusNotFound, Object{"paths": paths()})
		return
	}
	if err := s.serveResource(w, q); err != nil {
		var failure *Failure
		if !errors.As(err, &failure) {
			log.Printf("%s %s: %v", r.Method, r.URL.Path, err)
			failure = internal(err)
		}
		writeFailure(w, failure)
	}
}

// route reads which resource a path means: /api/v1/... or /apis/<group>/<version>/...
func route(r *http.Request) (request, bool) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	var group, version string
	switch {
	case len(parts) >= 3 && parts[0] == "api":
		version, parts = parts[1], parts[2:]
	case len(parts) >= 4 && parts[0] == "apis":
		group, version, parts = parts[1], parts[2], parts[3:]
	default:
		return request{}, false
	}
	q := request{Request: r}
	inNamespace := parts[0] == "namespaces" && len(parts) >= 3 && find(group, version, parts[2]) != nil
	if inNamespace {
		q.namespace, parts = parts[1], parts[2:]
	}
	q.resource = find(group, version, parts[0])
	if q.resource == nil || len(parts) > 3 || inNamespace != (q.resource.Namespaced && (inNamespace || len(parts) > 1)) {
		return q, false
	}
	if len(parts) > 1 {
		q.name = parts[1]
	}
	if len(parts) > 2 {
		q.subresource = parts[2]
	}
	return q, q.subresource == "" || (q.subresource == "status" && q.resource.HasStatus)
}

func (s *Server) serveResource(w http.ResponseWriter, q request) error {
	if q.subresource != "" && q.Method != http.MethodPut {
		return notAllowed(q.Method) // /status takes PUT only
	}
	if q.name == "" {
		return s.serveCollection(w, q)
	}
	switch q.Method {
	case http.MethodGet:
		if watches(q) {
			return s.watch(w, q)
		}
		return s.get(w, q)
	case http.MethodPut:
		return s.replace(w, q)
	case http.MethodPatch:
		return s.patch(w, q)
	case http.MethodDelete:
		return s.remove(w, q)
	}
	return notAllowed(q.Method)
}

func (s *Server) serveCollection(w http.ResponseWriter, q request) error {
	switch q.Method {
	case http.MethodGet:
		if watches(q) {
			return s.watch(w, q)
		}
		return s.list(w, q)
	case http.MethodPost:
		return s.create(w, q)
	case http.MethodDelete:
		return s.removeAll(w, q)
	}
	return notAllowed(q.Method)
}

func watches(q request) bool {
	value := q.URL.Query().Get("watch")
	return value == "true" || value == "1"
}
