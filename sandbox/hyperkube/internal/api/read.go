package api

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"fedctl.example/hyperkube/internal/store"
)

func (s *Server) read(q request) (store.Entry, error) {
	entry, err := s.Store.Get(q.Context(), q.key())
	if errors.Is(err, store.ErrNotFound) {
		return entry, notFound(q.resource, q.name)
	}
	return entry, err
}

func (s *Server) get(w http.ResponseWriter, q request) error {
	entry, err := s.read(q)
	if err != nil {
		return err
	}
	object := served(q.resource, entry.Object, entry.Revision)
	if wantsTable(q.Request) {
		writeJSON(w, http.StatusOK, table(q, []Object{object}, true, strconv.FormatInt(entry.Revision, 10)))
		return nil
	}
	writeJSON(w, http.StatusOK, object)
	return nil
}

func (s *Server) list(w http.ResponseWriter, q request) error {
	selects, err := selectorOf(q.URL.Query())
	if err != nil {
		return err
	}
	entries, revision, err := s.Store.List(q.Context(), q.resource.folder(q.namespace))
	if err != nil {
		return err
	}
	items := []Object{}
	for _, entry := range entries {
		if selects(entry.Object) {
			items = append(items, listed(q.resource, entry.Object, entry.Revision))
		}
	}
	version := strconv.FormatInt(revision, 10)
	if wantsTable(q.Request) {
		writeJSON(w, http.StatusOK, table(q, items, true, version))
		return nil
	}
	writeJSON(w, http.StatusOK, Object{
		"kind": q.resource.Kind + "List", "apiVersion": q.resource.groupVersion(), "items": items,
		"metadata": Object{"selfLink": q.resource.path(q.namespace), "resourceVersion": version},
	})
	return nil
}

// selectorOf reads the selectors that clients of a federation use: fields by metadata.name and metadata.namespace,
// labels by equality and presence. Any other is refused rather than ignored.
func selectorOf(query map[string][]string) (func(Object) bool, error) {
	var tests []func(Meta) bool
	for _, term := range terms(query["fieldSelector"]) {
		key, value, wanted, hasValue := splitTerm(term)
		if !hasValue || (key != "metadata.name" && key != "metadata.namespace") {
			return nil, badRequest("field label not supported: %s", key)
		}
		tests = append(tests, func(m Meta) bool {
			found := m.Name
			if key == "metadata.namespace" {
				found = m.Namespace
			}
			return (found == value) == wanted
		})
	}
	for _, term := range terms(query["labelSelector"]) {
		if strings.ContainsAny(term, "() ") {
			return nil, badRequest("unable to parse requirement: the stand-in knows no sets: %s", term)
		}
		key, value, wanted, hasValue := splitTerm(term)
		tests = append(tests, func(m Meta) bool {
			found, present := m.Labels[key]
			if !hasValue {
				return present == wanted
			}
			return (present && found == value) == wanted
		})
	}
	return func(object Object) bool {
		meta := mustMeta(object)
		for _, test := range tests {
			if !test(meta) {
				return false
			}
		}
		return true
	}, nil
}

func terms(values []string) []string {
	var all []string
	for _, value := range values {
		for _, term := range strings.Split(value, ",") {
			if term != "" {
				all = append(all, term)
			}
		}
	}
	return all
}

// splitTerm takes k=v, k==v, k!=v, k and !k apart.
func splitTerm(term string) (key, value string, wanted, hasValue bool) {
	if key, value, found := strings.Cut(term, "!="); found {
		return key, value, false, true
	}
	if key, value, found := strings.Cut(term, "="); found {
		return key, strings.TrimPrefix(value, "="), true, true
	}
	if key, negated := strings.CutPrefix(term, "!"); negated {
		return key, "", false, false
	}
	return term, "", true, false
}
