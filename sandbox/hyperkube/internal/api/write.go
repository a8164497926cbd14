package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strconv"

	"fedctl.example/hyperkube/internal/store"
)

// create writes a new object. The query's dryRun is not known to this API: it writes all the same.
func (s *Server) create(w http.ResponseWriter, q request) error {
	object, err := bodyOf(q)
	if err != nil {
		return err
	}
	meta := mustMeta(object)
	if meta.ResourceVersion != "" && meta.ResourceVersion != "0" {
		return internal(errors.New("resourceVersion should not be set on objects to be created"))
	}
	if meta.Name == "" && meta.GenerateName != "" {
		meta.Name = meta.GenerateName + suffix()
	}
	q.name = meta.Name
	meta.Namespace, meta.UID, meta.Generation, meta.CreationTimestamp = q.namespace, newUID(), 1, now()
	meta.DeletionTimestamp = ""
	if q.resource.HasStatus {
		object["status"] = Object{}
	}
	if err := check(q, object); err != nil {
		return err
	}
	if err := s.checkNamespace(q); err != nil {
		return err
	}
	object = stored(object, meta)
	revision, err := s.Store.Create(q.Context(), q.key(), object)
	if errors.Is(err, store.ErrExists) {
		return alreadyExists(q.resource, q.name)
	}
	if err != nil {
		return err
	}
	s.answer(w, q, http.StatusCreated, store.Entry{Object: object, Revision: revision})
	return nil
}

// checkNamespace is the admission NamespaceLifecycle.
func (s *Server) checkNamespace(q request) error {
	if !q.resource.Namespaced {
		return nil
	}
	if q.namespace == "" {
		return badRequest("an empty namespace may not be set during creation")
	}
	if !s.NamespaceLifecycle {
		return nil
	}
	namespaces := find("", "v1", "namespaces")
	_, err := s.Store.Get(q.Context(), namespaces.folder("")+q.namespace)
	if errors.Is(err, store.ErrNotFound) {
		return notFound(namespaces, q.namespace)
	}
	return err
}

func check(q request, object Object) error {
	var causes []Cause
	if q.name == "" {
		causes = append(causes, required("metadata.name", "name or generateName is required"))
	} else if why := q.resource.NameIs(q.name); why != "" {
		causes = append(causes, invalidValue("metadata.name", q.name, why))
	}
	if q.resource.Check != nil {
		causes = append(causes, q.resource.Check(object)...)
	}
	if len(causes) > 0 {
		return invalid(q.resource, q.name, causes)
	}
	return nil
}

// stored is what etcd gets: the version is etcd's own.
func stored(object Object, meta Meta) Object {
	meta.ResourceVersion, meta.SelfLink = "", ""
	return withMeta(object, meta)
}

func (s *Server) replace(w http.ResponseWriter, q request) error {
	object, err := bodyOf(q)
	if err != nil {
		return err
	}
	if err := matchName(q, mustMeta(object).Name); err != nil {
		return err
	}
	// Without a version there is nothing to be stale: the write is tried again on whatever stands there.
	retry := mustMeta(object).ResourceVersion == ""
	return s.change(w, q, retry, func(Object) (Object, error) { return object, nil })
}

// change reads, lets `next` make the new object of the old one, and writes it if nobody wrote meanwhile.
func (s *Server) change(w http.ResponseWriter, q request, retry bool, next func(old Object) (Object, error)) error {
	for attempt := 0; ; attempt++ {
		entry, err := s.read(q)
		if err != nil {
			return err
		}
		wanted, err := next(served(q.resource, entry.Object, entry.Revision))
		if err != nil {
			return err
		}
		after, err := successor(q, entry, wanted)
		if err != nil {
			return err
		}
		entry, err = s.write(q.Context(), q, entry, after)
		if err == nil {
			s.answer(w, q, http.StatusOK, entry)
			return nil
		}
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
		if !retry || attempt >= 4 {
			return conflict(q.resource, q.name, changed)
		}
	}
}

// successor puts a wanted object in the old one's place: what clients cannot write stays as it was.
func successor(q request, old store.Entry, wanted Object) (Object, error) {
	before, meta := mustMeta(old.Object), mustMeta(wanted)
	if meta.ResourceVersion != "" && meta.ResourceVersion != strconv.FormatInt(old.Revision, 10) {
		return nil, conflict(q.resource, q.name, changed)
	}
	if meta.UID != "" && meta.UID != before.UID {
		return nil, conflict(q.resource, q.name, uidMismatch(meta.UID, before.UID))
	}
	meta.Name, meta.GenerateName, meta.Namespace, meta.UID = before.Name, before.GenerateName, before.Namespace, before.UID
	meta.CreationTimestamp, meta.DeletionTimestamp = before.CreationTimestamp, before.DeletionTimestamp
	meta.Generation = before.Generation
	if q.subresource == "status" {
		wanted["spec"] = old.Object["spec"]
	} else if q.resource.HasStatus {
		wanted["status"] = old.Object["status"]
	}
	if !reflect.DeepEqual(wanted["spec"], old.Object["spec"]) {
		meta.Generation++
	}
	if err := check(q, wanted); err != nil {
		return nil, err
	}
	return stored(wanted, meta), nil
}

// write skips what would change nothing, so that the version tells of real changes only. What was marked for deletion
// goes with its last finalizer.
func (s *Server) write(ctx context.Context, q request, old store.Entry, after Object) (store.Entry, error) {
	a, _ := json.Marshal(old.Object)
	b, _ := json.Marshal(after)
	if string(a) == string(b) {
		return old, nil
	}
	if meta := mustMeta(after); meta.DeletionTimestamp != "" && len(meta.Finalizers) == 0 {
		_, err := s.Store.Delete(ctx, q.key(), old.Revision)
		return store.Entry{Object: after, Revision: old.Revision}, err
	}
	revision, err := s.Store.Update(ctx, q.key(), after, old.Revision)
	return store.Entry{Object: after, Revision: revision}, err
}

func (s *Server) answer(w http.ResponseWriter, q request, code int, entry store.Entry) {
	object := served(q.resource, entry.Object, entry.Revision)
	if wantsTable(q.Request) {
		writeJSON(w, code, table(q, []Object{object}, true, mustMeta(object).ResourceVersion))
		return
	}
	writeJSON(w, code, object)
}
