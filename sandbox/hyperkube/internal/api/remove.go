package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"fedctl.example/hyperkube/internal/store"
)

func uidMismatch(wanted, found string) string {
	return fmt.Sprintf("Precondition failed: UID in precondition: %s, UID in object meta: %s", wanted, found)
}

// preconditionUID reads the one precondition that this API honours; that of the resourceVersion came later and is
// ignored, as are dryRun and propagationPolicy.
func preconditionUID(q request) (string, error) {
	raw, err := readAll(q.Request)
	if err != nil || len(raw) == 0 {
		return "", err
	}
	var options struct {
		Preconditions struct {
			UID string `json:"uid"`
		} `json:"preconditions"`
	}
	if err := json.Unmarshal(raw, &options); err != nil {
		return "", badRequest("unable to read DeleteOptions: %v", err)
	}
	return options.Preconditions.UID, nil
}

// remove deletes an object and answers it as it was; one with finalizers is only marked.
func (s *Server) remove(w http.ResponseWriter, q request) error {
	uid, err := preconditionUID(q)
	if err != nil {
		return err
	}
	entry, err := s.removeOne(q, uid)
	if err != nil {
		return err
	}
	s.answer(w, q, http.StatusOK, entry)
	return nil
}

func (s *Server) removeOne(q request, uid string) (store.Entry, error) {
	for {
		entry, err := s.read(q)
		if err != nil {
			return entry, err
		}
		if found := mustMeta(entry.Object).UID; uid != "" && uid != found {
			return entry, conflict(q.resource, q.name, uidMismatch(uid, found))
		}
		entry, err = s.removeRead(q, entry)
		if !errors.Is(err, store.ErrConflict) {
			return entry, err
		}
	}
}

func (s *Server) removeRead(q request, entry store.Entry) (store.Entry, error) {
	meta := mustMeta(entry.Object)
	if len(meta.Finalizers) == 0 {
		_, err := s.Store.Delete(q.Context(), q.key(), entry.Revision)
		return entry, err
	}
	if meta.DeletionTimestamp != "" {
		return entry, nil
	}
	meta.DeletionTimestamp = now()
	return s.write(q.Context(), q, entry, stored(entry.Object, meta))
}

func (s *Server) removeAll(w http.ResponseWriter, q request) error {
	if q.resource.Namespaced && q.namespace == "" {
		return notAllowed(q.Method)
	}
	selects, err := selectorOf(q.URL.Query())
	if err != nil {
		return err
	}
	entries, _, err := s.Store.List(q.Context(), q.resource.folder(q.namespace))
	if err != nil {
		return err
	}
	items := []Object{}
	for _, entry := range entries {
		if !selects(entry.Object) {
			continue
		}
		one := q
		one.name = mustMeta(entry.Object).Name
		var gone *Failure
		if _, err := s.removeOne(one, ""); err != nil && !(errors.As(err, &gone) && gone.Code == http.StatusNotFound) {
			return err
		}
		items = append(items, listed(q.resource, entry.Object, entry.Revision))
	}
	writeJSON(w, http.StatusOK, Object{
		"kind": q.resource.Kind + "List", "apiVersion": q.resource.groupVersion(), "metadata": Object{}, "items": items,
	})
	return nil
}
